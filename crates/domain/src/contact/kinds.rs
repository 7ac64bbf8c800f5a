//! The kinds of texts and amounts in a contact: the name, limit and rule of each.
//!
//! `docs/rules.md` is rendered from these kinds and the types of
//! [`document`](super::document).

use super::rules::{MAX_NAME, normal_forms, texts};
use crate::rule::Rule;
use crate::tree::{AmountKind, AmountOf, MAX_FREE_TEXT, TextKind, TextValue};

pub(crate) use crate::tree::Free;
use crate::value;

/// A name: free text, but shorter.
#[derive(Debug)]
pub struct Name;
/// The caller's own key for a contact.
#[derive(Debug)]
pub struct ExternalId;
/// An account number, which may be an IBAN.
#[derive(Debug)]
pub struct AccountNumber;
/// A value of an open list: capitals, digits and underscores.
#[derive(Debug)]
pub struct Token;
/// The type of an intercom entry.
#[derive(Debug)]
pub struct IntercomTypeName;
/// The name that an intercom shows.
#[derive(Debug)]
pub struct IntercomName;
/// An internal address or a SIP URI.
#[derive(Debug)]
pub struct IntercomNumber;

impl TextValue for Name {
    const KIND: TextKind =
        TextKind { blank_is_null: false, ..TextKind::unchecked("name", MAX_NAME) };
}

impl TextValue for ExternalId {
    const KIND: TextKind = TextKind::unchecked("external id", 255);
}

impl TextValue for value::LinkId {
    const KIND: TextKind = TextKind::checked("link id (UUID)", 64, Rule::LinkId, texts::link_id)
        .spelled(normal_forms::link_id);
}

impl TextValue for value::Email {
    const KIND: TextKind = TextKind::checked("e-mail address", 254, Rule::Email, texts::email)
        .spelled(normal_forms::email);
}

impl TextValue for value::Phone {
    const KIND: TextKind = TextKind::checked("phone number", 64, Rule::Phone, texts::phone)
        .spelled(normal_forms::phone);
}

impl TextValue for value::WebSite {
    const KIND: TextKind =
        TextKind::checked("web site", MAX_FREE_TEXT, Rule::WebSite, texts::web_site);
}

impl TextValue for value::CalendarDate {
    const KIND: TextKind = TextKind::checked("date", MAX_FREE_TEXT, Rule::Date, texts::date)
        .spelled(normal_forms::date);

    fn fold(text: &str) -> String {
        Self::meant_by(text).map_or_else(|| value::fold(text), |date| date.to_string())
    }
}

impl TextValue for value::CountryCode {
    const KIND: TextKind =
        TextKind::checked("country code", MAX_FREE_TEXT, Rule::CountryCode, texts::country_code)
            .spelled(normal_forms::country_code);
}

impl TextValue for AccountNumber {
    const KIND: TextKind =
        TextKind::checked("account number", MAX_FREE_TEXT, Rule::Iban, texts::account_number)
            .spelled(normal_forms::iban);

    fn fold(text: &str) -> String {
        value::electronic_form(text).into_owned()
    }
}

impl TextValue for value::QrIban {
    const KIND: TextKind =
        TextKind::checked("QR-IBAN", MAX_FREE_TEXT, Rule::QrIban, texts::qr_iban)
            .spelled(normal_forms::iban);

    fn fold(text: &str) -> String {
        value::electronic_form(text).into_owned()
    }
}

impl TextValue for value::Bic {
    const KIND: TextKind =
        TextKind::checked("BIC", MAX_FREE_TEXT, Rule::Bic, texts::bic).spelled(normal_forms::bic);
}

impl TextValue for value::BankCustomerNumber {
    const KIND: TextKind = TextKind::checked(
        "bank customer number",
        MAX_FREE_TEXT,
        Rule::BankCustomerNumber,
        texts::bank_customer_number,
    )
    .spelled(normal_forms::bank_customer_number);
}

impl TextValue for value::IsrCustomerNumber {
    const KIND: TextKind = TextKind::checked(
        "ISR customer number",
        MAX_FREE_TEXT,
        Rule::IsrCustomerNumber,
        texts::isr_customer_number,
    )
    .spelled(normal_forms::isr_customer_number);
}

impl TextValue for value::VatNumber {
    const KIND: TextKind = TextKind::checked("VAT number", 64, Rule::VatNumber, texts::vat_number)
        .spelled(normal_forms::vat_number);
}

impl TextValue for value::AvsNumber {
    const KIND: TextKind =
        TextKind::checked("AVS number", MAX_FREE_TEXT, Rule::AvsNumber, texts::avs_number)
            .spelled(normal_forms::avs_number);
}

impl TextValue for value::TagName {
    const KIND: TextKind =
        TextKind::unchecked("tag name", MAX_NAME).spelled(normal_forms::tag_name);
}

impl TextValue for Token {
    const KIND: TextKind =
        TextKind::checked("token", MAX_FREE_TEXT, Rule::OpenList, texts::open_list);
}

impl TextValue for IntercomTypeName {
    const KIND: TextKind = closed_kind("intercom type", &["regular", "individual", "multi", "p2p"]);
}

impl TextValue for IntercomName {
    const KIND: TextKind =
        TextKind::checked("intercom name", MAX_NAME, Rule::IntercomName, texts::intercom_name);
}

impl TextValue for IntercomNumber {
    // Its rule needs the type beside it, so it stands among the rules about the whole contact.
    const KIND: TextKind = TextKind::unchecked("intercom number", MAX_FREE_TEXT);
}

impl TextValue for value::Ringtone {
    const KIND: TextKind =
        TextKind::checked("ringtone", MAX_FREE_TEXT, Rule::IntercomRingtone, texts::ringtone);
}

/// A kind of text with a closed list of values.
const fn closed_kind(name: &'static str, allowed: &'static [&'static str]) -> TextKind {
    let kind = TextKind::checked(name, MAX_FREE_TEXT, Rule::ClosedList, texts::closed_list);
    TextKind { allowed, ..kind }
}

macro_rules! closed {
    ($($(#[$about:meta])+ $kind:ident $name:literal: $($text:literal)+;)+) => {$(
        $(#[$about])+
        #[derive(Debug)]
        pub struct $kind;

        impl TextValue for $kind {
            const KIND: TextKind = closed_kind($name, &[$($text),+]);
        }
    )+};
}

closed! {
    /// Person, organization or endpoint.
    ContactTypeName "contact type": "ORGANIZATION" "PERSON" "ENDPOINT";
    /// The language to write to a contact in.
    Language "language": "EN" "FR" "DE" "IT" "UNDEFINED";
    /// The owner of a role.
    RoleType "role type": "ORGANIZATION" "GLOBAL";
    /// Role or set of roles.
    RoleKind "kind of role": "ROLE" "SUPER_ROLE";
    /// Group or set of groups.
    GroupKind "kind of group": "GROUP" "SUPER_GROUP";
    /// The payer of transfer fees.
    FeeSplit "fee split":
        "CHARGED_TO_THE_BENEFICIARY" "FIFTY_FIFTY_SPLIT" "CHARGED_TO_THE_ORDERER";
    /// The VAT treatment of a supplier.
    VatType "VAT type": "NO_VAT" "NATIVE" "IMPORT_OF_SERVICE";
    /// The unit that a salary is paid by.
    SalaryType "salary type": "MONTHLY" "HOURLY";
    /// The gender of a person.
    Gender "gender": "MALE" "FEMALE" "OTHER";
}

/// Any decimal number.
#[derive(Debug)]
pub struct Plain;
/// A decimal number that is not below 0.
#[derive(Debug)]
pub struct NotNegative;
/// A decimal number within 0 and 100.
#[derive(Debug)]
pub struct Percentage;

impl AmountOf for Plain {
    const KIND: AmountKind = AmountKind { name: "amount", percentage: false, not_negative: false };
}

impl AmountOf for NotNegative {
    const KIND: AmountKind =
        AmountKind { name: "amount, not negative", percentage: false, not_negative: true };
}

impl AmountOf for Percentage {
    const KIND: AmountKind =
        AmountKind { name: "percentage", percentage: true, not_negative: false };
}
