//! Recognizing an item that is sent again byte for byte.

use contacts_domain::upsert::{Context, Endpoints, Handling, ItemKeys, Options, Recognizer};
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, RULES_VERSION, Respelling, Settings};
use sha2::{Digest as _, Sha256};

use crate::fixture::context;

/// The version of the rules, and the hash of what docs/rules.md says of them.
const RULES: (u8, &str) = (2, "b6ffc515b7c93f1c");

#[test]
fn changed_rules_count_their_version_up() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    let text = std::fs::read_to_string(path).unwrap();
    let hash = Sha256::digest(text).into_iter().take(8).map(|byte| format!("{byte:02x}"));
    let hash: String = hash.collect();
    assert_eq!(
        (RULES_VERSION, hash.as_str()),
        RULES,
        "if an item may now be answered in another way, count RULES_VERSION up; then note both here"
    );
}

#[test]
fn everything_that_the_answer_depends_on_is_digested() {
    let json = r#"{"externalId": "A"}"#;
    let digest = |wire: &str, context: &Context, json: &str| {
        let recognizer = Recognizer::new(wire, context, &Options::default());
        recognizer.fingerprint(json, ItemKeys::scan(json).unwrap()).unwrap().digest()
    };
    let here = context();
    let mut digests = vec![
        digest("erp", &here, json),
        digest("device", &here, json),
        digest("erp", &here, r#"{"externalId":"A"}"#),
    ];
    let region = CountryCode::parse("FR").unwrap();
    for other in [
        Context { settings: Settings { region, ..here.settings }, ..here.clone() },
        Context { settings: Settings { match_by: MatchBy::NONE, ..here.settings }, ..here.clone() },
        Context {
            settings: Settings { respelling: Respelling::Keep, ..here.settings },
            ..here.clone()
        },
        Context { may_write_staff: false, ..here.clone() },
        Context { endpoints: Endpoints::Shown, ..here.clone() },
        Context { handling: Handling::Strict, ..here.clone() },
        Context { handling: Handling::Lenient, ..here.clone() },
    ] {
        digests.push(digest("erp", &other, json));
    }
    let later = Context { now: contacts_domain::Timestamp::from_micros(1), ..here };
    assert_eq!(digest("erp", &later, json), digests[0]);
    for (index, digest) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(digest), "{index}");
    }
}
