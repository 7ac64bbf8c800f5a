//! The schemas of the contact document, made from its shapes, so that a new member needs no description of its own.

use std::borrow::Cow;
use std::marker::PhantomData;

use contacts_domain::MAX_SAFE_INTEGER;
use contacts_domain::contact::ContactType;
use contacts_domain::contact::document::ContactDocument;
use contacts_domain::contact::kinds::{ContactTypeName, IntercomTypeName};
use contacts_domain::contact::rules::{MAX_CUSTOM_FIELDS, MAX_ELEMENTS};
use contacts_domain::tree::{AmountKind, Kind, MemberShape, Shape, Shaped, TextKind, TextValue};
use serde_json::json;
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

/// The contact document as the native API shows it, with what the server adds.
pub(crate) struct StoredContactSchema;

impl PartialSchema for StoredContactSchema {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let time = |about: &str| {
            text()
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .description(Some(about))
        };
        object(ContactDocument::SHAPE)
            .property("contactType", AnyContactTypeSchema::reference())
            .property("version", whole(OrNull::No).description(Some("The version; the `ETag`.")))
            .property("createdAt", time("When the contact was created."))
            .property("updatedAt", time("When the contact last changed."))
            .property("displayName", text().description(Some("The name in lists.")))
            .property("deletedAt", time("When the contact was deleted; absent while it lives."))
            .into()
    }
}

impl ToSchema for StoredContactSchema {
    fn name() -> Cow<'static, str> {
        "StoredContact".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Self::name().into_owned(), Self::schema()));
        schemas.push((AnyContactTypeSchema::name().into_owned(), AnyContactTypeSchema::schema()));
        parts_of(ContactDocument::SHAPE, schemas);
    }
}

/// The types of contacts, with that of devices.
pub(crate) struct AnyContactTypeSchema;

impl AnyContactTypeSchema {
    fn reference() -> Ref {
        let about = "What the contact is; set once.";
        Ref::builder().ref_location_from_schema_name(Self::name()).description(Some(about)).build()
    }
}

impl PartialSchema for AnyContactTypeSchema {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A closed list: contact type, with that of devices."))
            .enum_values(Some(ContactTypeName::KIND.allowed.iter().copied()))
            .into()
    }
}

impl ToSchema for AnyContactTypeSchema {
    fn name() -> Cow<'static, str> {
        "AnyContactType".into()
    }
}

/// A closed list of the document as a schema.
pub(crate) struct ClosedListSchema<T>(PhantomData<T>);

/// The type of a contact as a schema.
pub(crate) type ContactTypeSchema = ClosedListSchema<ContactTypeName>;

/// The type of an intercom's entry as a schema.
pub(crate) type IntercomTypeSchema = ClosedListSchema<IntercomTypeName>;

impl<T: TextValue> PartialSchema for ClosedListSchema<T> {
    fn schema() -> RefOr<Schema> {
        closed_list(&T::KIND).into()
    }
}

impl<T: TextValue> ToSchema for ClosedListSchema<T> {
    fn name() -> Cow<'static, str> {
        closed_list_name(&T::KIND).into()
    }
}

/// Adds the schemas of the objects and closed lists inside an object, each once.
fn parts_of(shape: &'static Shape, schemas: &mut Vec<(String, RefOr<Schema>)>) {
    for member in shape.members {
        if let Kind::Text(kind) = &member.kind
            && !kind.allowed.is_empty()
        {
            let name = closed_list_name(kind);
            if !schemas.iter().any(|(known, _)| *known == name) {
                schemas.push((name, closed_list(kind).into()));
            }
        }
        if let Some(part) = object_in(&member.kind)
            && !schemas.iter().any(|(name, _)| name == part.name)
        {
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
    let mut schema = schema(&member.kind, OrNull::Yes);
    let note = note(&member.kind);
    let about = [member.about.trim(), &note].join(" ");
    let about = Some(about.trim_end().to_owned());
    match &mut schema {
        RefOr::T(Schema::Object(object)) => object.description = about,
        RefOr::T(Schema::Array(array)) => array.description = about,
        RefOr::T(Schema::OneOf(one_of)) => one_of.description = about,
        _ => {}
    }
    if let Kind::Text(kind) = &member.kind
        && kind.name == OPEN_LIST
        && let RefOr::T(Schema::Object(object)) = &mut schema
    {
        let known = KNOWN_TOKENS.iter().find(|(name, _)| *name == member.name);
        object.examples =
            known.into_iter().flat_map(|(_, tokens)| *tokens).map(|token| json!(token)).collect();
    }
    schema
}

/// What holds for every member of the kind.
fn note(kind: &Kind) -> String {
    match kind {
        Kind::ElementId => "Given by the server; send it to say which element is meant.".to_owned(),
        Kind::ParentId => "Repeated by the server; what is sent is ignored.".to_owned(),
        Kind::ReadOnly => "Ignored, so that an answer can be sent back.".to_owned(),
        Kind::Text(kind) if kind.rule().is_some() && kind.allowed.is_empty() => {
            format!("Form: {}.", kind.name)
        }
        Kind::Amount(kind) => format!("Form: {}; exact, at most 28 significant digits.", kind.name),
        Kind::CustomFields => "null removes one.".to_owned(),
        _ => String::new(),
    }
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
        Kind::ElementId => whole(or_null).into(),
        Kind::ParentId => whole(or_null).read_only(true).into(),
        Kind::ReadOnly => {
            ObjectBuilder::new().schema_type(SchemaType::AnyValue).write_only(true).into()
        }
        Kind::Text(kind) if kind.allowed.is_empty() => text(kind, or_null).into(),
        Kind::Text(kind) => named(&closed_list_name(kind), or_null),
        Kind::Amount(kind) => amount(kind, or_null).into(),
        Kind::Block(shape) | Kind::OpaqueObject(shape) => named(shape.name, or_null),
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

/// A schema by its name.
fn named(name: &str, or_null: OrNull) -> RefOr<Schema> {
    let schema = Ref::from_schema_name(name);
    match or_null {
        OrNull::No => schema.into(),
        OrNull::Yes => OneOfBuilder::new()
            .item(schema)
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .into(),
    }
}

fn text(kind: &TextKind, or_null: OrNull) -> ObjectBuilder {
    let example = EXAMPLES.iter().find(|(name, _)| *name == kind.name);
    of_types([Type::String], or_null)
        .max_length(Some(kind.max_chars))
        .pattern((kind.name == OPEN_LIST).then_some("^[A-Z][A-Z0-9_]*$"))
        .examples(example.map(|(_, example)| *example))
}

/// A closed list of texts, which has a name so that programs have one type for it.
fn closed_list(kind: &TextKind) -> ObjectBuilder {
    // The ERP contract has no contacts of type ENDPOINT.
    let allowed = kind.allowed.iter().filter(|name| **name != ContactType::Endpoint.as_str());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(format!("A closed list: {}.", kind.name)))
        .enum_values(Some(allowed.map(|name| json!(name))))
}

/// `VAT type` is `VatType`.
fn closed_list_name(kind: &TextKind) -> String {
    let mut name = String::new();
    for word in kind.name.split(' ') {
        let (first, rest) = word.split_at(1);
        name += &first.to_ascii_uppercase();
        name += &rest.to_ascii_lowercase();
    }
    name
}

fn amount(kind: &AmountKind, or_null: OrNull) -> ObjectBuilder {
    of_types([Type::String, Type::Number], or_null)
        .minimum((kind.percentage || kind.not_negative).then_some(0))
        .maximum(kind.percentage.then_some(100))
        .examples(["42.10"])
}

fn custom_fields(or_null: OrNull) -> ObjectBuilder {
    let value = of_types([Type::String, Type::Number, Type::Boolean], OrNull::Yes);
    of_types([Type::Object], or_null)
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
    use std::collections::BTreeSet;

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
    fn every_shape_and_closed_list_has_a_schema() {
        let mut schemas = Vec::new();
        ContactDocumentSchema::schemas(&mut schemas);
        let mut described: Vec<_> = schemas.into_iter().map(|(name, _)| name).collect();
        described.sort();
        let shapes = shapes().into_iter().map(|shape| shape.name.to_owned());
        let closed = texts().filter(|(_, kind)| !kind.allowed.is_empty());
        let expected: BTreeSet<_> =
            shapes.chain(closed.map(|(_, kind)| closed_list_name(kind))).collect();
        assert_eq!(described, expected.into_iter().collect::<Vec<_>>());
        assert!(described.len() >= 38, "{described:?}");
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
