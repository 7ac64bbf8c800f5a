//! Which kinds of text and amount a contact holds: the name, limit and rule of each.
//!
//! Together with the types in [`document`](super::document) this is the table "which field is
//! what"; `docs/rules.md` is rendered from it.

use super::rules::{self, MAX_FREE_TEXT, MAX_NAME};
use crate::tree::{AmountKind, AmountOf, TextKind, TextValue};
use crate::value;

/// Free text: kept as sent, blank or not.
#[derive(Debug)]
pub struct Free;
/// A name of something: free text, but shorter.
#[derive(Debug)]
pub struct Name;
/// The caller's own key of a contact.
#[derive(Debug)]
pub struct ExternalId;
/// An account number, which may be an IBAN.
#[derive(Debug)]
pub struct AccountNumber;
/// A token of a list that others may lengthen: upper case, digits, underscores.
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

impl TextValue for Free {
    const KIND: TextKind = TextKind {
        name: "free text",
        max_chars: MAX_FREE_TEXT,
        rule: None,
        blank_is_null: false,
        allowed: &[],
    };
}

impl TextValue for Name {
    const KIND: TextKind = TextKind { name: "name", max_chars: MAX_NAME, ..Free::KIND };
}

impl TextValue for ExternalId {
    const KIND: TextKind =
        TextKind { name: "external id", max_chars: 255, blank_is_null: true, ..Free::KIND };
}

impl TextValue for value::LinkId {
    const KIND: TextKind = TextKind::ruled("link id (UUID)", 64, &rules::LINK_ID);
}

impl TextValue for value::Email {
    const KIND: TextKind = TextKind::ruled("e-mail address", 320, &rules::EMAIL);
}

impl TextValue for value::Phone {
    const KIND: TextKind = TextKind::ruled("phone number", 64, &rules::PHONE);
}

impl TextValue for value::WebSite {
    const KIND: TextKind = TextKind::ruled("web site", MAX_FREE_TEXT, &rules::WEB_SITE);
}

impl TextValue for value::CalendarDate {
    const KIND: TextKind = TextKind::ruled("date", MAX_FREE_TEXT, &rules::DATE);
}

impl TextValue for value::CountryCode {
    const KIND: TextKind = TextKind::ruled("country code", MAX_FREE_TEXT, &rules::COUNTRY_CODE);
}

impl TextValue for AccountNumber {
    const KIND: TextKind = TextKind::ruled("account number", MAX_FREE_TEXT, &rules::IBAN);
}

impl TextValue for value::QrIban {
    const KIND: TextKind = TextKind::ruled("QR-IBAN", MAX_FREE_TEXT, &rules::QR_IBAN);
}

impl TextValue for value::Bic {
    const KIND: TextKind = TextKind::ruled("BIC", MAX_FREE_TEXT, &rules::BIC);
}

impl TextValue for value::BankCustomerNumber {
    const KIND: TextKind =
        TextKind::ruled("bank customer number", MAX_FREE_TEXT, &rules::BANK_CUSTOMER_NUMBER);
}

impl TextValue for value::IsrCustomerNumber {
    const KIND: TextKind =
        TextKind::ruled("ISR customer number", MAX_FREE_TEXT, &rules::ISR_CUSTOMER_NUMBER);
}

impl TextValue for value::VatNumber {
    const KIND: TextKind = TextKind::ruled("VAT number", 64, &rules::VAT_NUMBER);
}

impl TextValue for value::AvsNumber {
    const KIND: TextKind = TextKind::ruled("AVS number", MAX_FREE_TEXT, &rules::AVS_NUMBER);
}

impl TextValue for value::TagName {
    const KIND: TextKind =
        TextKind { name: "tag name", max_chars: MAX_NAME, blank_is_null: true, ..Free::KIND };
}

impl TextValue for Token {
    const KIND: TextKind = TextKind::ruled("token", MAX_FREE_TEXT, &rules::OPEN_LIST);
}

impl TextValue for IntercomTypeName {
    const KIND: TextKind =
        TextKind::closed("intercom type", &["regular", "individual", "multi", "p2p"]);
}

impl TextValue for IntercomName {
    const KIND: TextKind = TextKind::ruled("intercom name", MAX_NAME, &rules::INTERCOM_NAME);
}

impl TextValue for IntercomNumber {
    const KIND: TextKind = TextKind {
        name: "intercom number",
        rule: None,
        ..TextKind::ruled("intercom number", MAX_FREE_TEXT, &rules::INTERCOM_NUMBER)
    };
}

impl TextValue for value::Ringtone {
    const KIND: TextKind = TextKind::ruled("ringtone", MAX_FREE_TEXT, &rules::INTERCOM_RINGTONE);
}

macro_rules! closed {
    ($($(#[$about:meta])+ $kind:ident $name:literal: $($text:literal)+;)+) => {$(
        $(#[$about])+
        #[derive(Debug)]
        pub struct $kind;

        impl TextValue for $kind {
            const KIND: TextKind = TextKind::closed($name, &[$($text),+]);
        }
    )+};
}

closed! {
    /// Person, organization or endpoint.
    ContactTypeName "contact type": "ORGANIZATION" "PERSON" "ENDPOINT";
    /// The language to write to a contact in.
    Language "language": "EN" "FR" "DE" "IT" "UNDEFINED";
    /// Whose role it is.
    RoleType "role type": "ORGANIZATION" "GLOBAL";
    /// Role or set of roles.
    RoleKind "kind of role": "ROLE" "SUPER_ROLE";
    /// Group or set of groups.
    GroupKind "kind of group": "GROUP" "SUPER_GROUP";
    /// Who pays the fees of a transfer.
    FeeSplit "fee split":
        "CHARGED_TO_THE_BENEFICIARY" "FIFTY_FIFTY_SPLIT" "CHARGED_TO_THE_ORDERER";
    /// How a supplier's VAT is treated.
    VatType "VAT type": "NO_VAT" "NATIVE" "IMPORT_OF_SERVICE";
    /// What a salary is paid for.
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
