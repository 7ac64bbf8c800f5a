//! The settings of an organization: the keys that it matches by (upsert-rules §3.9).

use contacts_domain::auditing::StoredContact;
use contacts_domain::decision::Decision as _;
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Batch, Item, Key, Ladder, Options};
use contacts_domain::value::CountryCode;
use contacts_domain::{MatchBy, Settings, SharedKey};
use serde_json::{Value, json};

use crate::fixture::{Fixture, context, faults, verdicts};

fn person(last_name: &str) -> Value {
    json!({
        "contactType": "PERSON", "lastName": last_name, "isCustomer": true,
        "email": "info@rhone.example", "phone": "021 555 12 12", "mobile": "079 111 22 33",
        "client": {"vatNumber": "CHE-116.281.710"},
    })
}

/// A fixture whose organization matches by these keys, of which some are being filled.
fn matching(match_by: &str, filling: &str) -> Fixture {
    let mut fixture = Fixture::default();
    let settings = &mut fixture.context.settings;
    settings.match_by = match_by.parse().unwrap();
    settings.filling = filling.parse().unwrap();
    fixture
}

/// The stored keys of the first contact: e-mail, phone, mobile, VAT number.
fn stored_keys(fixture: &Fixture) -> [Option<&str>; 4] {
    let keys = &fixture.records[0].projection;
    [&keys.email, &keys.phone, &keys.mobile, &keys.vat_number].map(Option::as_deref)
}

const EMAIL: Option<&str> = Some("info@rhone.example");
const PHONE: Option<&str> = Some("+41215551212");
const MOBILE: Option<&str> = Some("+41791112233");
const VAT_NUMBER: Option<&str> = Some("CHE116281710");

#[test]
fn only_keys_that_are_on_are_stored() {
    for (match_by, stored) in [
        ("none", [None; 4]),
        ("email", [EMAIL, None, None, None]),
        ("phone", [None, PHONE, MOBILE, None]),
        ("vatNumber", [None, None, None, VAT_NUMBER]),
        ("email,phone,vatNumber", [EMAIL, PHONE, MOBILE, VAT_NUMBER]),
    ] {
        let mut fixture = matching(match_by, "none");
        fixture.send(json!([person("Rochat")]));
        assert_eq!(stored_keys(&fixture), stored, "created, {match_by}");

        let mut fixture = Fixture::default();
        fixture.send(json!([person("Rochat")]));
        fixture.context.settings.match_by = match_by.parse().unwrap();
        fixture.send(json!([{"id": 1, "lastName": "Favre"}]));
        assert_eq!(stored_keys(&fixture), stored, "updated, {match_by}");
    }
}

#[test]
fn deleted_contact_keeps_present_keys_only() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("Rochat")]));
    fixture.context.settings.match_by = MatchBy::NONE;
    let item = Item::read(r#"{"id": 1}"#, &fixture.context).to_delete();
    fixture.send_items(vec![item]);
    assert!(fixture.records[0].deleted_at.is_some());
    assert_eq!(stored_keys(&fixture), [None; 4]);
}

#[test]
fn merged_contact_has_present_keys_only() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("Rochat"), person("Favre")]));
    fixture.context.settings.match_by = MatchBy::NONE;
    let [target, source] = [0, 1].map(|index| fixture.records[index].id.get());
    let merge = Merge::new(fixture.context.clone(), target, source).unwrap();
    fixture.run(&merge).unwrap();
    for record in &fixture.records {
        let contact = StoredContact::new(record.clone(), &[], None);
        assert_eq!(contact.audit(Some(fixture.context.settings)).findings, []);
    }
}

#[test]
fn audit_expects_keys_that_are_on() {
    let mut fixture = matching("email", "none");
    fixture.send(json!([person("Rochat")]));
    let contact = StoredContact::new(fixture.records[0].clone(), &[], None);
    let audit = |match_by: &str| {
        let settings = Settings { match_by: match_by.parse().unwrap(), ..context().settings };
        let findings = contact.audit(Some(settings)).findings;
        findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let differs = |column: &str| format!("{column} does not follow from the document");
    assert_eq!(audit("email"), Vec::<String>::new());
    assert_eq!(audit("none"), [differs("email")]);
    assert_eq!(audit("email,phone"), ["phone", "mobile"].map(differs));
    assert_eq!(audit("email,vatNumber"), [differs("vat_number")]);
}

#[test]
fn keys_being_filled_are_no_findings() {
    let mut fixture = matching("email", "none");
    fixture.send(json!([person("Rochat")]));
    let mut contact = StoredContact::new(fixture.records[0].clone(), &[], None);
    contact.columns.phone = Some("+41000000000".to_owned());
    let findings = |settings| contact.audit(Some(settings)).findings.len();
    let mut settings = Settings { filling: MatchBy::ALL, ..context().settings };
    assert_eq!(findings(settings), 0);
    settings.filling = SharedKey::Phone.into();
    assert_eq!(findings(settings), 1, "the VAT number");
    settings.filling = SharedKey::VatNumber.into();
    assert_eq!(findings(settings), 2, "phone and mobile");
}

#[test]
fn keys_off_are_neither_looked_up_nor_reported() {
    for (match_by, filling, looked_up) in
        [("email", "none", true), ("none", "none", false), ("email", "email", false)]
    {
        let mut fixture = matching(match_by, filling);
        let keys = [Key::Email, Key::Phone, Key::VatNumber];
        let options = Options { ladder: Ladder::new(keys), ..Options::default() };
        let item = Item::read(&person("Rochat").to_string(), &fixture.context);
        let batch = Batch::new(fixture.context.clone(), options, vec![item]);
        let lookup_keys = batch.lookup_keys();
        let is_empty = [lookup_keys.emails.is_empty(), lookup_keys.email_owners.is_empty()];
        assert_eq!(is_empty, [!looked_up; 2], "{match_by}");
        assert!(lookup_keys.phones.is_empty() && lookup_keys.vat_numbers.is_empty());

        let outcomes = fixture.send(json!([person("Rochat"), person("Favre")]));
        assert_eq!(verdicts(&outcomes), ["created", "created"]);
        let reported = faults(&outcomes[1]).contains(&"email DUPLICATION_ERROR".to_owned());
        assert_eq!(reported, looked_up, "{match_by}, filling {filling}");
    }
}

#[test]
fn ladder_names_its_first_unmatchable_key() {
    let ladder = Ladder::new([Key::ExternalId, Key::Email, Key::VatNumber, Key::Phone]);
    for (matchable, expected) in [
        ("none", Some(SharedKey::Email)),
        ("email", Some(SharedKey::VatNumber)),
        ("email,vatNumber", Some(SharedKey::Phone)),
        ("email,phone,vatNumber", None),
    ] {
        assert_eq!(ladder.first_beyond(matchable.parse().unwrap()), expected, "{matchable}");
    }
    assert_eq!(Ladder::default().first_beyond(MatchBy::NONE), None);
}

#[test]
fn own_ladder_with_unmatchable_key_refuses_its_item() {
    let by_phone = || Ladder::new([Key::ExternalId, Key::Phone]);
    for (match_by, filling, message) in [
        ("email", "none", "the organization does not match by phone"),
        ("email,phone", "phone", "phone is being filled for every contact; send the item later"),
    ] {
        let mut fixture = matching(match_by, filling);
        let item = |text: &str| Item::read(text, &fixture.context).matched_by(by_phone());
        let good = Item::read(&person("Rochat").to_string(), &fixture.context);
        let items = vec![item(&person("Favre").to_string()), item("7"), good];
        let outcomes = fixture.send_items(items);
        assert_eq!(verdicts(&outcomes), ["rejected", "rejected", "created"]);
        let [fault] = &*outcomes[0].violations else { panic!("{:?}", outcomes[0].violations) };
        assert_eq!(fault.path.pointer(), "/$/matchBy");
        assert_eq!(faults(&outcomes[0]), ["$.matchBy INVALID_TYPE"]);
        assert_eq!((fault.value.as_str(), fault.message.as_str()), ("phone", message));
        assert_eq!(faults(&outcomes[1]), [" CONVERSION_ERROR"], "unreadable is reported first");
    }

    let mut fixture = matching("email,phone", "none");
    let item = Item::read(&person("Favre").to_string(), &fixture.context).matched_by(by_phone());
    assert_eq!(verdicts(&fixture.send_items(vec![item])), ["created"]);
}

#[test]
fn phone_keys_follow_the_region() {
    let mut fixture = Fixture::default();
    fixture.send(json!([person("Rochat")]));
    fixture.context.settings.region = CountryCode::parse("DE").unwrap();
    fixture.send(json!([{"id": 1, "lastName": "Favre"}]));
    assert_eq!(stored_keys(&fixture)[1], Some("+49215551212"));
}
