//! The schemas of the contact document, made from its shapes, so that a new member needs no description of its own.

use std::borrow::Cow;

use contacts_domain::MAX_SAFE_INTEGER;
use contacts_domain::contact::ContactType;
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::contact::rules::{MAX_CUSTOM_FIELDS, MAX_ELEMENTS};
use contacts_domain::tree::{AmountKind, Kind, MemberShape, Shape, Shaped, TextKind};
use serde_json::{Value, json};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, Schema,
    SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// The contact document as a schema, with the schemas of all its parts.
pub(crate) struct ContactDocumentSchema;

/// The kind of text that takes tokens of an open list.
const OPEN_LIST: &str = "token";

/// The known tokens of the open lists, by member.
const KNOWN_TOKENS: &[(&str, &[&str])] = &[
    ("defaultModule", &["ALL", "NONE", "CONTACTS"]),
    ("contractType", &["OPEN_ENDED"]),
    ("maritalType", &["SINGLE", "MARRIED"]),
    ("costCalculationType", &["AUTOMATIC"]),
    ("employeeDocumentType", &["PASSPORT"]),
    ("familyMemberType", &["SPOUSE", "CHILD"]),
    ("payslipValueSplitType", &["EMPLOYEE"]),
    ("groupType", &["ADMIN"]),
    ("type", &["PHONE_CALL"]),
];

/// An example of each kind of text that has a form.
const EXAMPLES: &[(&str, &str)] = &[
    ("AVS number", "756.9217.0769.85"),
    ("BIC", "BCGECHGGXXX"),
    ("ISR customer number", "01-39139-1"),
    ("QR-IBAN", "CH4431999123000889012"),
    ("VAT number", "CHE-116.281.710 TVA"),
    ("account number", "CH9300762011623852957"),
    ("bank customer number", "120000"),
    ("country code", "CH"),
    ("date", "2026-10-02"),
    ("e-mail address", "info@boulangerie-rhone.example"),
    ("external id", "ERP-10001"),
    ("intercom name", "Entrance panel"),
    ("intercom number", "0001-01-01"),
    ("link id (UUID)", "91c615e3-1040-4815-8ecb-039a18b756b1"),
    ("phone number", "+41 22 700 59 29"),
    ("ringtone", "ring1.wav"),
    ("tag name", "boulangerie"),
    ("web site", "https://boulangerie-rhone.example"),
];

impl PartialSchema for ContactDocumentSchema {
    fn schema() -> RefOr<Schema> {
        object(ContactDocument::SHAPE).into()
    }
}

impl ToSchema for ContactDocumentSchema {
    fn name() -> Cow<'static, str> {
        ContactDocument::SHAPE.name.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ContactDocument::SHAPE.name.to_owned(), Self::schema()));
        parts_of(ContactDocument::SHAPE, schemas);
    }
}

/// Adds the schemas of the objects inside an object, each once.
fn parts_of(shape: &'static Shape, schemas: &mut Vec<(String, RefOr<Schema>)>) {
    for part in shape.members.iter().filter_map(|member| object_in(&member.kind)) {
        if !schemas.iter().any(|(name, _)| name == part.name) {
            schemas.push((part.name.to_owned(), object(part).into()));
            parts_of(part, schemas);
        }
    }
}

fn object_in(kind: &Kind) -> Option<&'static Shape> {
    match kind {
        Kind::Block(shape) | Kind::OpaqueObject(shape) => Some(shape),
        Kind::List(element) => object_in(element),
        Kind::Flag
        | Kind::SafeInteger
        | Kind::ElementId
        | Kind::ParentId
        | Kind::ReadOnly
        | Kind::Text(_)
        | Kind::Amount(_)
        | Kind::CustomFields => None,
    }
}

fn object(shape: &'static Shape) -> ObjectBuilder {
    let object = ObjectBuilder::new().description(Some(shape.about.trim()));
    shape.members.iter().fold(object, |object, member| object.property(member.name, of(member)))
}

/// The schema of a member: that of its value, or null, which clears it.
fn of(member: &MemberShape) -> RefOr<Schema> {
    if let Kind::Text(kind) = &member.kind
        && kind.name == OPEN_LIST
    {
        let known = KNOWN_TOKENS.iter().find(|(name, _)| *name == member.name);
        let examples = known.map(|(_, tokens)| tokens.iter().copied()).into_iter().flatten();
        return text(kind, OrNull::Yes).examples(examples).into();
    }
    schema(&member.kind, OrNull::Yes)
}

/// Whether the schema allows null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OrNull {
    Yes,
    No,
}

fn schema(kind: &Kind, or_null: OrNull) -> RefOr<Schema> {
    match kind {
        Kind::Flag => of_types([Type::Boolean], or_null).into(),
        Kind::SafeInteger => whole(or_null).into(),
        Kind::ElementId => whole(or_null)
            .description(Some("Given by the server; send it to say which element is meant."))
            .into(),
        Kind::ParentId => whole(or_null)
            .read_only(true)
            .description(Some("An id repeated by the server; what is sent is ignored."))
            .into(),
        Kind::ReadOnly => ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .write_only(true)
            .description(Some("Ignored, so that an answer can be sent back."))
            .into(),
        Kind::Text(kind) => text(kind, or_null).into(),
        Kind::Amount(kind) => amount(kind, or_null).into(),
        Kind::Block(shape) | Kind::OpaqueObject(shape) => {
            let object = Ref::from_schema_name(shape.name);
            match or_null {
                OrNull::No => object.into(),
                OrNull::Yes => OneOfBuilder::new()
                    .item(object)
                    .item(ObjectBuilder::new().schema_type(Type::Null))
                    .into(),
            }
        }
        Kind::CustomFields => custom_fields(or_null).into(),
        Kind::List(element) => ArrayBuilder::new()
            .schema_type(types([Type::Array], or_null))
            .items(schema(element, OrNull::No))
            .max_items(Some(MAX_ELEMENTS))
            .into(),
    }
}

fn whole(or_null: OrNull) -> ObjectBuilder {
    of_types([Type::Integer], or_null)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(-MAX_SAFE_INTEGER))
        .maximum(Some(MAX_SAFE_INTEGER))
}

fn text(kind: &TextKind, or_null: OrNull) -> ObjectBuilder {
    // For a text without a rule the name of the member says enough.
    let text = of_types([Type::String], or_null).description(kind.rule().map(|_| kind.name));
    if kind.allowed.is_empty() {
        let example = EXAMPLES.iter().find(|(name, _)| *name == kind.name);
        return text
            .max_length(Some(kind.max_chars))
            .pattern((kind.name == OPEN_LIST).then_some("^[A-Z][A-Z0-9_]*$"))
            .examples(example.map(|(_, example)| *example));
    }
    // The ERP contract has no contacts of type ENDPOINT.
    let allowed = kind.allowed.iter().filter(|name| **name != ContactType::Endpoint.as_str());
    let null = (or_null == OrNull::Yes).then_some(Value::Null);
    text.enum_values(Some(allowed.map(|name| json!(name)).chain(null)))
}

fn amount(kind: &AmountKind, or_null: OrNull) -> ObjectBuilder {
    let about = format!("{}; exact, at most 28 significant digits", kind.name);
    let amount = of_types([Type::String, Type::Number], or_null).description(Some(about));
    amount
        .minimum((kind.percentage || kind.not_negative).then_some(0))
        .maximum(kind.percentage.then_some(100))
        .examples(["42.10"])
}

fn custom_fields(or_null: OrNull) -> ObjectBuilder {
    let value = of_types([Type::String, Type::Number, Type::Boolean], OrNull::Yes);
    of_types([Type::Object], or_null)
        .description(Some("Fields of the caller's own; null removes one."))
        .additional_properties(Some(AdditionalProperties::RefOr(value.into())))
        .max_properties(Some(MAX_CUSTOM_FIELDS))
}

fn of_types<const N: usize>(of: [Type; N], or_null: OrNull) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(types(of, or_null))
}

fn types<const N: usize>(of: [Type; N], or_null: OrNull) -> SchemaType {
    let null = (or_null == OrNull::Yes).then_some(Type::Null);
    let types: Vec<Type> = of.into_iter().chain(null).collect();
    match <[Type; 1]>::try_from(types) {
        Ok([one]) => SchemaType::Type(one),
        Err(types) => SchemaType::Array(types),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Vec<&'static Shape> {
        fn collect(shape: &'static Shape, found: &mut Vec<&'static Shape>) {
            found.push(shape);
            for part in shape.members.iter().filter_map(|member| object_in(&member.kind)) {
                if !found.iter().any(|known| known.name == part.name) {
                    collect(part, found);
                }
            }
        }
        let mut found = Vec::new();
        collect(ContactDocument::SHAPE, &mut found);
        found
    }

    fn texts() -> impl Iterator<Item = (&'static str, &'static TextKind)> {
        shapes().into_iter().flat_map(|shape| shape.members).filter_map(|member| {
            match member.kind {
                Kind::Text(kind) => Some((member.name, kind)),
                _ => None,
            }
        })
    }

    #[test]
    fn every_shape_has_a_schema() {
        let mut schemas = Vec::new();
        ContactDocumentSchema::schemas(&mut schemas);
        let described: Vec<_> = schemas.iter().map(|(name, _)| name.as_str()).collect();
        let shapes: Vec<_> = shapes().iter().map(|shape| shape.name).collect();
        assert_eq!(described, shapes);
        assert!(shapes.len() >= 28, "{shapes:?}");
    }

    #[test]
    fn every_text_kind_with_a_form_has_an_example() {
        for (_, kind) in texts() {
            let has_form =
                kind.rule().is_some() && kind.allowed.is_empty() && kind.name != OPEN_LIST;
            let has_example = EXAMPLES.iter().any(|(name, _)| *name == kind.name);
            assert!(has_example || !has_form, "an example of a {} is missing", kind.name);
        }
    }

    #[test]
    fn known_tokens_match_the_open_lists() {
        let open: Vec<_> =
            texts().filter(|(_, kind)| kind.name == OPEN_LIST).map(|(name, _)| name).collect();
        for name in &open {
            assert!(KNOWN_TOKENS.iter().any(|(known, _)| known == name), "{name}");
        }
        for (known, _) in KNOWN_TOKENS {
            assert!(open.contains(known), "{known}");
        }
    }
}
