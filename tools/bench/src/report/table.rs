//! The report as text.

use std::fmt;
use std::time::Duration;

use super::{Report, Spread};
use crate::measured::{Sample, Work};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_rates(f)?;
        self.write_times(f)?;
        self.write_circumstances(f)
    }
}

impl Report {
    fn write_rates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:<38}{:>11}{:>17}{:>8}{:>13}{:>10}  {:<16} mark",
            self.store, "contacts/s", "range", "ratio", "range", "baseline", "to"
        )?;
        for line in self.lines() {
            let Some(rate) = self.spread(line.key, Sample::rate) else { continue };
            let (middle, around) = (thousands(rate.median), range(rate, thousands));
            write!(f, "{:<38}{middle:>11}{around:>17}", line.label)?;
            let ratio = line.against.and_then(|it| Some((self.ratio(line.key, it.key)?, it.named)));
            let [middle, around, kept, named] = match ratio {
                Some((ratio, named)) => {
                    let kept = self.baseline.get(&line.label);
                    let kept = kept.map(|kept| hundredths(*kept)).unwrap_or_default();
                    [hundredths(ratio.median), range(ratio, hundredths), kept, named.to_owned()]
                }
                None => Default::default(),
            };
            write!(f, "{middle:>8}{around:>13}{kept:>10}  {named:<16} ")?;
            match line.mark {
                Some(mark) => writeln!(f, "{mark}: {}", verdict(self.met(&line)))?,
                None => writeln!(f)?,
            }
        }
        for (name, mib, most) in self.memory() {
            let verdict = verdict(Some(mib <= most));
            writeln!(f, "{name:<38}{mib:>11.0}{:67}≤ {most:.0}: {verdict}", "")?;
        }
        Ok(())
    }

    fn write_times(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.has_work() { "of it processors, by whom" } else { "" };
        writeln!(f, "\n{:<38}{:>9}  {of}", "µs per contact", "elapsed")?;
        writeln!(
            f,
            "{:<38}{:>9}{:>9}{:>9}{:>10}{:>9}{:>14}{:>9}",
            "", "", "client", "server", "database", "others", "request p50", "p99, ms"
        )?;
        for line in self.lines() {
            let parts: [fn(&Work) -> Duration; 4] =
                [|work| work.client, |work| work.server, |work| work.database, |work| work.others];
            let [client, server, database, others] = parts.map(|of| {
                let micros = self.work(line.key, of);
                micros.map(|micros| format!("{micros:.1}")).unwrap_or_default()
            });
            let median =
                |of: fn(&Sample) -> f64| self.spread(line.key, of).map_or(0.0, |it| it.median);
            let elapsed = median(|sample| sample.per_contact(sample.elapsed));
            let p50 = median(|sample| sample.p50.as_secs_f64() * 1e3);
            let p99 = median(|sample| sample.p99.as_secs_f64() * 1e3);
            writeln!(
                f,
                "{:<38}{elapsed:>9.1}{client:>9}{server:>9}{database:>10}{others:>9}{p50:>14.2}{p99:>9.2}",
                line.label
            )?;
        }
        writeln!(f)
    }

    fn write_circumstances(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "an fdatasync takes {:.2} ms", self.sync_ms())?;
        if let Some(share) = self.client_share() {
            writeln!(f, "the client took {:.0} % of one core at most", share * 100.0)?;
        }
        if let Some(share) = self.others_share() {
            writeln!(f, "others took {:.0} % of the machine meanwhile", share * 100.0)?;
        }
        Ok(())
    }

    fn has_work(&self) -> bool {
        self.rounds.iter().flat_map(|round| round.samples.values()).any(|it| it.work.is_some())
    }
}

fn verdict(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "met",
        Some(false) => "NOT MET",
        None => "does not apply",
    }
}

fn range(spread: Spread, text: fn(f64) -> String) -> String {
    format!("{}–{}", text(spread.least), text(spread.most))
}

fn hundredths(number: f64) -> String {
    format!("{number:.2}")
}

fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.round());
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(["7", "1,234", "1,234,567"], [7.0, 1234.0, 1_234_567.0].map(thousands));
    }
}
