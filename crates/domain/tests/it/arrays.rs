//! Which stored element of an array one that is sent without its id becomes (upsert-rules §4.3).

use contacts_domain::upsert::Verdict;
use serde_json::{Value, json};

use crate::fixture::{Fixture, verdicts};

/// An item whose array at that path has these elements.
fn item(path: &str, elements: &Value) -> Value {
    let nested = path.rsplit('/').fold(elements.clone(), |value, name| match name {
        "0" => value,
        "staffPayslips" if path.contains("/0/") => {
            let mut payslip = value;
            payslip["calendarYear"] = json!(2026);
            json!({"staffPayslips": [payslip]})
        }
        name => json!({name: value}),
    });
    let mut item = json!({"externalId": "A", "contactType": "PERSON", "lastName": "x"});
    item.as_object_mut().unwrap().extend(nested.as_object().unwrap().clone());
    item
}

fn ids(fixture: &Fixture, path: &str) -> Vec<Value> {
    let document = fixture.document(1);
    let list = document.pointer(&format!("/{path}")).unwrap();
    list.as_array().unwrap().iter().map(|element| element["id"].clone()).collect()
}

/// For each element sent, the place of the stored one that it became.
fn places(path: &str, stored: &Value, sent: &Value) -> Vec<Option<usize>> {
    let mut fixture = Fixture::default();
    assert_eq!(verdicts(&fixture.send(json!([item(path, stored)]))), ["created"], "{stored}");
    let before = ids(&fixture, path);
    let again = json!([item(path, sent)]);
    let outcomes = fixture.send(again.clone());
    assert!(!outcomes[0].verdict.is_refusal(), "{sent}: {outcomes:?}");
    let after = ids(&fixture, path);
    assert_eq!(fixture.send(again)[0].verdict, Verdict::Unchanged, "{sent}");
    after.iter().map(|id| before.iter().position(|known| known == id)).collect()
}

#[test]
fn respelled_elements_keep_their_ids() {
    let iban = "CH93 0076 2011 6238 5295 7";
    let qr_iban = "CH44 3199 9123 0008 8901 2";
    for (path, stored, sent) in [
        ("addresses", json!({"name": "Head Office"}), json!({"name": " head\u{a0}OFFICE\u{200b}"})),
        ("addresses", json!({"name": "Genève"}), json!({"name": "Gene\u{300}ve"})),
        ("addresses", json!({"name": "Genève"}), json!({"name": "GENEVE"})),
        ("banks", json!({"qrIban": qr_iban}), json!({"qrIban": "CH4431999123000889012"})),
        (
            "banks",
            json!({"accountNumber": iban}),
            json!({"accountNumber": "iban ch93-00762011623852957"}),
        ),
        ("banks", json!({"name": "Main"}), json!({"name": "main", "accountNumber": iban})),
        (
            "staff/familyMembers",
            json!({"firstName": "Zoé", "lastName": "Graf", "birthDate": "2010-01-01"}),
            json!({"firstName": "ZOE", "lastName": "graf", "birthDate": "2010-01-02"}),
        ),
        (
            "client/articleDiscounts",
            json!({"articleId": 7, "discount": "5"}),
            json!({"articleId": 7, "discount": "6"}),
        ),
        (
            "staff/staffPayslips",
            json!({"calendarYear": 2026, "employmentStartDate": "2026-01-01"}),
            json!({"calendarYear": 2026, "employmentStartDate": "2026-02-01"}),
        ),
        (
            "staff/staffPayslips/0/employeeGroups",
            json!({"departmentId": 7, "percentage": "5"}),
            json!({"departmentId": 7, "percentage": "6"}),
        ),
        (
            "staff/staffPayslips/0/payslipTableLines",
            json!({"number": 7, "quantity": "5"}),
            json!({"number": 7, "quantity": "6"}),
        ),
        (
            "staff/timesheetPricingLines",
            json!({"clientId": 1, "orderId": 2, "task": {"id": 3, "name": "a"}, "startDate": "2026-01-01", "rate": "5"}),
            json!({"clientId": 1, "orderId": 2, "task": {"id": 3, "name": "b"}, "startDate": "2026-01-01T00:00:00Z", "rate": "6"}),
        ),
        (
            "additionalInformation",
            json!({"tag": {"name": "VIP"}, "note": "a"}),
            json!({"tag": {"name": "vip "}, "note": "b"}),
        ),
    ] {
        // Another element moves it from its place.
        let other = json!({"id": null});
        let found = places(path, &json!([other, stored]), &json!([sent]));
        assert_eq!(found, [Some(1)], "{path}: {stored} {sent}");
    }
}

#[test]
fn natural_keys_name_one_element_or_none() {
    for (path, stored, sent, expected) in [
        // Two addresses of one name: the equal one is found, the other is new.
        (
            "addresses",
            json!([{"name": "a", "city": "Bern"}, {"name": "a", "city": "Biel"}]),
            json!([{"name": "A", "city": "Basel"}, {"name": "a", "city": "Biel"}, {"name": "a", "city": "Zug"}]),
            vec![None, Some(1), None],
        ),
        // What is left of two with one name is one on each side.
        (
            "addresses",
            json!([{"name": "a", "city": "Bern"}, {"name": "a", "city": "Biel"}]),
            json!([{"name": "a", "city": "Biel"}, {"name": "a", "city": "Basel"}]),
            vec![Some(1), Some(0)],
        ),
        // No name, and a blank one, are no key.
        (
            "addresses",
            json!([{"city": "Bern"}, {"name": " ", "city": "Biel"}]),
            json!([{"name": "\u{200b}", "city": "Basel"}, {"city": "Zug"}]),
            vec![None, None],
        ),
        // Exchanged names.
        (
            "addresses",
            json!([{"name": "a", "city": "Bern"}, {"name": "b", "city": "Biel"}]),
            json!([{"name": "b", "city": "Bern"}, {"name": "a", "city": "Biel"}]),
            vec![Some(1), Some(0)],
        ),
        // The account says more than the name.
        (
            "banks",
            json!([{"name": "a", "accountNumber": "1"}, {"name": "b", "accountNumber": "2"}]),
            json!([{"name": "b", "accountNumber": "1"}, {"name": "a", "accountNumber": "2"}]),
            vec![Some(0), Some(1)],
        ),
        // An element with an id takes its place before all others.
        (
            "addresses",
            json!([{"name": "a", "city": "Bern"}, {"name": "b", "city": "Biel"}]),
            json!([{"name": "a", "city": "Basel"}, {"id": 3, "name": "c"}, {"name": "b"}]),
            vec![Some(0), Some(1), None],
        ),
        // Those with most members take what covers them first.
        (
            "addresses",
            json!([{"line1": "x", "line2": "y", "city": "Bern"}, {"line1": "x", "city": "Biel"}, {}]),
            json!([{"line1": "x"}, {"line1": "x", "line2": "y"}]),
            vec![Some(1), Some(0)],
        ),
        // Half a key is none.
        (
            "staff/familyMembers",
            json!([{"firstName": "Zoé", "birthDate": "2010-01-01"}, {}]),
            json!([{"firstName": "Zoé", "birthDate": "2010-01-02"}]),
            vec![None],
        ),
    ] {
        assert_eq!(places(path, &stored, &sent), expected, "{path}: {stored} {sent}");
    }
}

#[test]
fn corrected_part_in_use_stays_in_use() {
    let mut fixture = Fixture::default();
    fixture.send(json!([{
        "externalId": "A", "contactType": "PERSON", "lastName": "x", "isCustomer": true, "isStaff": true,
        "addresses": [{"name": "Invoices", "line1": "Weg 1"}],
        "banks": [{"name": "Main", "accountNumber": "CH93 0076 2011 6238 5295 7"}],
    }]));
    let (address, bank) =
        (ids(&fixture, "addresses")[0].clone(), ids(&fixture, "banks")[0].clone());
    let refer = json!([{
        "externalId": "A", "client": {"invoiceAddressId": address},
        "staff": {"staffPayslips": [{"calendarYear": 2026, "salaryInfo": {"payableToBankId": bank}}]},
    }]);
    assert_eq!(verdicts(&fixture.send(refer)), ["updated"]);
    let corrected = json!([{
        "externalId": "A",
        "addresses": [{"name": "Invoices", "line1": "Strasse 1"}],
        "banks": [{"name": "Savings", "accountNumber": "CH9300762011623852957"}],
    }]);
    assert_eq!(verdicts(&fixture.send(corrected.clone())), ["updated"]);
    assert_eq!(verdicts(&fixture.send(corrected)), ["unchanged"]);
    let document = fixture.document(1);
    assert_eq!(
        document["addresses"],
        json!([{"id": address, "name": "Invoices", "line1": "Strasse 1"}])
    );
    assert_eq!(
        document["banks"],
        json!([{"id": bank, "name": "Savings", "accountNumber": "CH9300762011623852957"}])
    );
}
