//! Contacts as an ERP sends them: 700 to 900 bytes each, valid, and the same in every run.

use fastrand::Rng;
use serde_json::{Value, json};

const FIRST_NAMES: &str = "\
    Amélie, Luc, Chiara, Urs, Noémie, Reto, Élodie, Beat, Giulia, Sandro, Anouk, Jürg, Mélanie, \
    Pascal, Nadia, Marco, Corinne, Stefan, Livia, Yves, Regula, Thierry, Ladina, Flurin";
const LAST_NAMES: &str = "\
    Rochat, Müller, Bernasconi, Favre, Keller, Bianchi, Zürcher, Perret, Meier, Cavadini, Blanc, \
    Schmid, Rossier, Frei, Monnier, Caduff, Jaquet, Brunner, Ferrari, Gerber, Chevalley, Hug, \
    Tschudi, Pellaton";
const TRADES: [(&str, &str); 10] = [
    ("Boulangerie", "boulangerie"),
    ("Garage", "automobile"),
    ("Schreinerei", "holzbau"),
    ("Imprimerie", "imprimerie"),
    ("Weinhandlung", "wein"),
    ("Fiduciaire", "fiduciaire"),
    ("Malergeschäft", "maler"),
    ("Falegnameria", "falegnameria"),
    ("Pharmacie", "santé"),
    ("Elektro", "elektro"),
];
const STREETS: &str = "\
    Rue de Carouge, Bahnhofstrasse, Chemin Frank-Thomas, Via Nassa, Hauptstrasse, Avenue de la \
    Gare, Dorfstrasse, Route de Lausanne, Seestrasse, Rue du Marché, Industriestrasse, Viale \
    Stefano Franscini, Kirchgasse, Quai du Mont-Blanc, Oberer Graben, Place de la Palud";
/// Post code, city, area code, language.
const CITIES: [(&str, &str, &str, &str); 12] = [
    ("1205", "Genève", "22", "FR"),
    ("1003", "Lausanne", "21", "FR"),
    ("8001", "Zürich", "44", "DE"),
    ("3011", "Bern", "31", "DE"),
    ("4051", "Basel", "61", "DE"),
    ("6900", "Lugano", "91", "IT"),
    ("9000", "St. Gallen", "71", "DE"),
    ("1950", "Sion", "27", "FR"),
    ("2000", "Neuchâtel", "32", "FR"),
    ("6003", "Luzern", "41", "DE"),
    ("7000", "Chur", "81", "DE"),
    ("1700", "Fribourg", "26", "FR"),
];
/// Name, clearing number, BIC.
const BANKS: [(&str, u64, &str); 5] = [
    ("Banque Cantonale de Genève", 788, "BCGECHGGXXX"),
    ("Banque Cantonale Vaudoise", 767, "BCVLCH2LXXX"),
    ("Zürcher Kantonalbank", 700, "ZKBKCHZZ80A"),
    ("PostFinance AG", 9000, "POFICHBEXXX"),
    ("Raiffeisen Schweiz", 80808, "RAIFCH22XXX"),
];
const PAYMENT_TERMS: &str = "10, 30, 45, 60";

/// The contact of that number after that many changes. A change sets three fields.
pub(crate) fn contact(number: u32, changes: u32) -> Value {
    let mut rng = Rng::with_seed(u64::from(number));
    let is_organization = rng.bool();
    let first = pick_word(&mut rng, FIRST_NAMES, 0);
    let last = pick_word(&mut rng, LAST_NAMES, 0);
    let (trade, tag) = pick(&mut rng, &TRADES);
    let (post_code, city, area, language) = pick(&mut rng, &CITIES);
    let (bank, clearing, bic) = pick(&mut rng, &BANKS);
    let domain = format!("{}.example", ascii(last));
    let mailbox = format!("{}.{number:06}", ascii(if is_organization { trade } else { first }));

    let mut contact = json!({
        "contactType": if is_organization { "ORGANIZATION" } else { "PERSON" },
        "externalId": format!("ERP-{number:06}"),
        "email": format!("{mailbox}@{domain}"),
        "phone": format!("+41 {area} {}", local_number(rng.u64(..10_000_000))),
        "mobile": format!("+41 79 {}", local_number(changed(rng.u64(..10_000_000), changes))),
        "defaultLanguage": language,
        "archived": false,
        "isCustomer": true,
        "addresses": [{
            "name": "Siège principal",
            "line1": pick_word(&mut rng, STREETS, 0),
            "houseNumber": rng.u32(1..=180).to_string(),
            "postCode": post_code,
            "city": city,
            "countryCode2": "CH",
            "position": 1,
        }],
        "banks": [{
            "name": "Compte courant",
            "bankName": bank,
            "accountNumber": iban(clearing, rng.u64(..1_000_000_000_000)),
            "swiftBic": bic,
            "position": 1,
            "useForReconciliation": true,
        }],
        "client": {
            "billingEmail": format!("facturation.{number:06}@{domain}"),
            "paymentTerms": pick_word(&mut rng, PAYMENT_TERMS, changes),
            "creditLimit": format!("{}.00", 1_000 + 500 * (rng.u32(..40) + changes)),
            "clientDiscountRate": format!("{}.5", rng.u32(..10)),
        },
        "tags": [{"name": tag}, {"name": city}],
        "additionalInformation": [{
            "note": "Livraison avant 6 h, par la cour.",
            "tag": {"name": "livraison"},
        }],
    });
    if let Value::Object(members) = &mut contact {
        if is_organization {
            members.insert("name".to_owned(), json!(format!("{trade} {last} & Fils SA")));
        } else {
            members.insert("firstName".to_owned(), json!(first));
            members.insert("lastName".to_owned(), json!(last));
        }
    }
    contact
}

/// A random word of a list with commas, and with each further step the next one.
pub(crate) fn pick_word(rng: &mut Rng, list: &'static str, steps: u32) -> &'static str {
    let words = list.split(", ").collect::<Vec<_>>();
    let place = rng.usize(..words.len()) + usize::try_from(steps).unwrap_or(0);
    words.get(place % words.len()).copied().unwrap_or_default()
}

fn pick<T: Copy + Default>(rng: &mut Rng, items: &[T]) -> T {
    rng.choice(items).copied().unwrap_or_default()
}

/// Seven digits with spaces: `700 59 29`.
fn local_number(digits: u64) -> String {
    let digits = digits % 10_000_000;
    format!("{:03} {:02} {:02}", digits / 10_000, digits / 100 % 100, digits % 100)
}

fn changed(digits: u64, changes: u32) -> u64 {
    digits + 1_111 * u64::from(changes)
}

/// A Swiss IBAN with its check digits (ISO 13616, ISO 7064 mod 97-10).
fn iban(clearing: u64, account: u64) -> String {
    let number = u128::from(clearing) * 1_000_000_000_000 + u128::from(account);
    // The digits of C and H are 12 and 17; the check digits count as 00.
    let check = 98 - (number * 1_000_000 + 121_700) % 97;
    format!("CH{check:02}{number:017}")
}

fn ascii(name: &str) -> String {
    let plain = |c: char| match c {
        'é' | 'É' | 'è' => 'e',
        'ü' => 'u',
        'ä' => 'a',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_have_a_realistic_size() {
        let sizes = (0..5_000).map(|number| contact(number, 0).to_string().len());
        let sizes = sizes.collect::<Vec<_>>();
        let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
        assert!(*least >= 700 && *most <= 900, "{least} to {most}");
    }

    #[test]
    fn change_sets_three_fields() {
        for number in 0..500 {
            let (before, after) = (contact(number, 1), contact(number, 2));
            let differs = |pointer: &str| before.pointer(pointer) != after.pointer(pointer);
            assert!(differs("/mobile") && differs("/client/paymentTerms"));
            assert!(differs("/client/creditLimit"));
            let mut same = after.clone();
            same["mobile"] = before["mobile"].clone();
            same["client"] = before["client"].clone();
            assert_eq!(same, before);
        }
    }

    #[test]
    fn ibans_have_check_digits() {
        assert_eq!(iban(762, 11_623_852_957), "CH9300762011623852957");
    }
}
