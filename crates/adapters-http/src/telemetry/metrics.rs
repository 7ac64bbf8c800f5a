//! The numbers of a server. Labels take few values: routes, methods, statuses, names of the code.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::Method;
use contacts_application::ports::{Measurement, Reading, StoreState};
use contacts_application::use_cases::{IndexContacts, PruneLedger};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::steps::Work;
use crate::limits::Limits;

type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];

/// From 1 ms to 2 minutes.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

/// When the certificate of the server expires, for the metrics. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct CertificateExpiry(Gauge);

impl CertificateExpiry {
    /// Shows this time from now on.
    pub fn set(&self, at: SystemTime) {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.0.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }
}

/// What is counted since the server started.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    durations: Family<Labels<2>, Histogram>,
    steps: Family<Labels<1>, Histogram>,
    items: Family<Labels<2>, Counter>,
    violations: Family<Labels<2>, Counter>,
}

impl Metrics {
    pub(crate) fn new(
        version: String,
        certificate: Option<CertificateExpiry>,
        gauges: Gauges,
    ) -> Self {
        let mut registry = Registry::with_prefix("contact_hub");
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let durations = Family::new_with_constructor(histogram);
        let steps = Family::new_with_constructor(histogram);
        let (requests, items, violations) =
            (Family::default(), Family::default(), Family::default());
        registry.register("build", "The version", Info::new([("version", version)]));
        registry.register("requests", "Answered requests", Family::clone(&requests));
        registry.register_with_unit(
            "request_duration",
            "Time from the head of a request to the head of its answer",
            Unit::Seconds,
            Family::clone(&durations),
        );
        registry.register_with_unit(
            "step_duration",
            "Time of a step of a request, or of a chunk of a stream",
            Unit::Seconds,
            Family::clone(&steps),
        );
        registry.register("items", "Items, by what became of them", Family::clone(&items));
        registry.register(
            "violations",
            "Violations of rules, by the rule",
            Family::clone(&violations),
        );
        if let Some(CertificateExpiry(expiry)) = certificate {
            registry.register_with_unit(
                "certificate_expiry",
                "When the certificate of the server expires, in Unix time",
                Unit::Seconds,
                expiry,
            );
        }
        registry.register_collector(Box::new(gauges));
        Self { registry, requests, durations, steps, items, violations }
    }

    /// Counts an answered request.
    pub(super) fn count(&self, answered: &Answered<'_>) {
        let &Answered { route, method, status, time, work } = answered;
        let route: Cow<'static, str> = route.to_owned().into();
        let method = known(method);
        let labels = [
            ("route", route.clone()),
            ("method", method.into()),
            ("status", status.to_string().into()),
        ];
        self.requests.get_or_create(&labels).inc();
        let api = api(&route);
        let labels = [("route", route), ("method", method.into())];
        self.durations.get_or_create(&labels).observe(time.as_secs_f64());
        self.count_work(api, work);
    }

    /// Counts what a request, or a part of it, has done.
    pub(crate) fn count_work(&self, api: &'static str, Work { steps, items }: &Work) {
        for (step, time) in steps.taken() {
            self.steps.get_or_create(&[("step", step.into())]).observe(time.as_secs_f64());
        }
        let Some(items) = items else { return };
        for (verdict, count) in items.verdicts() {
            let labels = [("api", api.into()), ("verdict", verdict.into())];
            self.items.get_or_create(&labels).inc_by(number(count));
        }
        for (rule, severity, count) in items.violations() {
            let labels = [("rule", rule.into()), ("severity", severity.into())];
            self.violations.get_or_create(&labels).inc_by(number(count));
        }
    }

    /// All numbers, in the format `OpenMetrics`.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A request that is answered.
pub(super) struct Answered<'a> {
    pub(super) route: &'a str,
    pub(super) method: &'a Method,
    pub(super) status: u16,
    pub(super) time: Duration,
    pub(super) work: &'a Work,
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The method, if it is one of the few that are served: a client may invent others.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The API of a route.
fn api(route: &str) -> &'static str {
    match route {
        route if route.starts_with("/api-v1/") => "erp",
        route if route.starts_with("/v1/") => "native",
        _ => "device",
    }
}

/// The numbers of the moment.
pub(crate) struct Gauges {
    pub(crate) store: Arc<dyn StoreState>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) index: Arc<IndexContacts>,
    pub(crate) ledger: Option<Arc<PruneLedger>>,
}

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauges").finish_non_exhaustive()
    }
}

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let of_store = self.store.measurements();
        let of_limits = self.limits.measurements();
        let lag = |name, about, lag: Duration| Measurement {
            name,
            about,
            value: Reading::Level(lag.as_secs()),
        };
        let of_search = lag(
            "search_lag_seconds",
            "Age of the oldest change that a search does not know",
            self.index.lag(),
        );
        let of_ledger = self.ledger.as_ref().map(|ledger| {
            let about = "Time since the ledger was last pruned, or the server started";
            lag("ledger_pruning_lag_seconds", about, ledger.lag())
        });
        let lags = [Some(of_search), of_ledger].into_iter().flatten();
        for measurement in of_store.into_iter().chain(of_limits).chain(lags) {
            let (name, about) = (measurement.name, measurement.about);
            match measurement.value {
                Reading::Total(total) => {
                    let total = ConstCounter::new(total);
                    let kind = total.metric_type();
                    total.encode(encoder.encode_descriptor(name, about, None, kind)?)?;
                }
                Reading::Level(level) => {
                    let level = ConstGauge::new(i64::try_from(level).unwrap_or(i64::MAX));
                    let kind = level.metric_type();
                    level.encode(encoder.encode_descriptor(name, about, None, kind)?)?;
                }
            }
        }
        Ok(())
    }
}
