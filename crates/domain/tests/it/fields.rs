//! The kind of each field (upsert-rules §6), compared with the contract.

use contacts_domain::contact::document::ContactDocument;
use contacts_domain::reading::read;
use contacts_domain::tree::{AmountKind, Kind, Shape, Shaped, TextKind};
use contacts_domain::upsert::Handling;
use serde_json::Value;

/// Every member of the tree, as `Shape.member`, with its kind.
fn members() -> Vec<(String, &'static str, Kind)> {
    fn add(kind: &Kind, shapes: &mut Vec<&'static Shape>) {
        match kind {
            Kind::Block(shape) | Kind::OpaqueObject(shape)
                if !shapes.iter().any(|known| known.name == shape.name) =>
            {
                shapes.push(shape);
            }
            Kind::List(element) => add(element, shapes),
            _ => {}
        }
    }
    let mut shapes = vec![ContactDocument::SHAPE];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(shape) = shapes.get(next).copied() {
        for member in shape.members {
            found.push((format!("{}.{}", shape.name, member.name), member.name, member.kind));
            add(&member.kind, &mut shapes);
        }
        next += 1;
    }
    found
}

fn texts() -> impl Iterator<Item = (String, &'static str, &'static TextKind)> {
    members().into_iter().filter_map(|(at, name, kind)| match kind {
        Kind::Text(text) => Some((at, name, text)),
        _ => None,
    })
}

fn amounts() -> impl Iterator<Item = (String, &'static str, &'static AmountKind)> {
    members().into_iter().filter_map(|(at, name, kind)| match kind {
        Kind::Amount(amount) => Some((at, name, amount)),
        _ => None,
    })
}

#[test]
fn every_field_of_the_example_is_known() {
    let batch: Vec<Value> =
        serde_json::from_str(include_str!("data/erp-batch-every-field.json")).unwrap();
    for item in batch {
        assert_eq!(*read(&item.to_string(), Handling::Standard).unwrap().noted, []);
    }
}

#[test]
fn text_has_the_kind_of_its_name() {
    for (at, name, kind) in texts() {
        let expected = match name {
            "email" => Some("e-mail address"),
            "phone" | "mobile" | "fax" => Some("phone number"),
            "date" | "birthday" => Some("date"),
            "vatNumber" => Some("VAT number"),
            _ if name.ends_with("Email") => Some("e-mail address"),
            _ if name.ends_with("Date") => Some("date"),
            _ => None,
        };
        match expected {
            Some(expected) => assert_eq!(kind.name, expected, "{at}"),
            None => assert!(
                !["e-mail address", "phone number", "date", "VAT number"].contains(&kind.name),
                "{at} is a {}",
                kind.name
            ),
        }
    }
}

#[test]
fn names_are_limited_to_500_characters() {
    for (at, name, kind) in texts().filter(|(.., kind)| kind.rule().is_none()) {
        let is_name =
            name == "name" || name.ends_with("Name") || ["city", "jobTitle"].contains(&name);
        let max = match name {
            "externalId" => 255,
            "number" => 10_000,
            _ if is_name => 500,
            _ => 10_000,
        };
        assert_eq!(kind.max_chars, max, "{at}");
    }
}

#[test]
fn amount_has_the_range_of_its_name() {
    let names = [
        "creditLimit",
        "clientDiscountRate",
        "lateNoticeMargin",
        "discount",
        "rate",
        "timesheetsCost",
        "hourlyRate",
        "quantity",
        "capacity",
        "numberOfVacationDays",
    ];
    let ends = ["Occupancy", "Amount", "Value", "ercentage"];
    let is_amount =
        |name: &str| names.contains(&name) || ends.iter().any(|end| name.ends_with(end));
    for (at, name, kind) in members() {
        assert_eq!(matches!(kind, Kind::Amount(_)), is_amount(name), "{at}");
    }
    for (at, name, kind) in amounts() {
        let percentage =
            ["clientDiscountRate", "discount"].contains(&name) || name.ends_with("ercentage");
        let not_negative = ["creditLimit", "hourlyRate", "timesheetsCost", "numberOfVacationDays"]
            .contains(&name)
            || at == "TimesheetPricingLine.rate";
        assert_eq!((kind.percentage, kind.not_negative), (percentage, not_negative), "{at}");
    }
}
