//! Rules about the whole contact.

use std::collections::HashSet;

use super::input::{Reporter, RuleInput};
use crate::contact::ContactType;
use crate::contact::document::{ContactDocument, Payslip};
use crate::path::{At, Path, cut};
use crate::rule::Rule;
use crate::tree::{Member, Presence, SafeInteger, Text};
use crate::value::{CalendarDate, is_blank};
use crate::violation::Violation;

const NO_TYPE: &str = "a new contact needs a contactType";

pub(super) fn contact_type(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    if input.stored.is_none() && input.document.contact_type.get().is_none() {
        violations.report(&At::root().member("contactType"), "", NO_TYPE);
    }
}

/// The violation of a new contact without a type.
pub(crate) fn missing_type() -> Violation {
    Violation::new(Rule::ContactType, Path::of("contactType"), "", NO_TYPE)
}

pub(super) fn named(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let document = input.document;
    let (member, message) = match document.contact_type() {
        Some(ContactType::Organization) => ("name", "an organization should have a name"),
        Some(ContactType::Person) => ("lastName", "a person should have a firstName or a lastName"),
        Some(ContactType::Endpoint) => ("intercom", "an endpoint should have an intercom name"),
        None => return,
    };
    if document.display_name_text().is_empty() {
        violations.report(&At::root().member(member), "", message);
    }
}

pub(super) fn key_replaced(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let old = input.stored.and_then(|stored| stored.external_id.get());
    if let (Some(old), Some(new)) = (old, input.document.external_id.get())
        && old != new
    {
        let at = At::root();
        let message = format!("replaces the external id {}", cut(old));
        violations.report(&at.member("externalId"), old.as_str(), message);
    }
}

/// The calendar date in a member. Another rule reports a text that is no date.
fn date(member: &Member<Text<CalendarDate>>) -> Option<CalendarDate> {
    CalendarDate::meant_by(member.get()?)
}

fn later_is_not_before(
    start: &Member<Text<CalendarDate>>,
    end: &Member<Text<CalendarDate>>,
    at: &At<'_>,
    violations: &mut Reporter<'_>,
) {
    if let (Some(from), Some(to)) = (date(start), date(end))
        && to < from
    {
        let text = end.get().map_or("", |end| end.as_str());
        violations.report(at, text, format!("must not be before {from}"));
    }
}

pub(super) fn birth(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let root = At::root();
    let born = |member: &Member<Text<CalendarDate>>, at: &At<'_>, violations: &mut Reporter<'_>| {
        if let (Some(birth), Some(today)) = (date(member), input.context.today())
            && birth > today
        {
            let text = member.get().map_or("", |birth| birth.as_str());
            violations.report(at, text, "a birth must not be after today");
        }
    };
    born(&input.document.birthday, &root.member("birthday"), violations);
    let Some(staff) = input.document.staff.get() else { return };
    let at_staff = root.member("staff");
    let list = at_staff.member("familyMembers");
    for (index, relative) in elements(&staff.family_members) {
        born(&relative.birth_date, &list.element(index).member("birthDate"), violations);
    }
}

pub(super) fn date_order(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(staff) = input.document.staff.get() else { return };
    let root = At::root();
    let at_staff = root.member("staff");
    later_is_not_before(
        &staff.employment_start_date,
        &staff.employment_end_date,
        &at_staff.member("employmentEndDate"),
        violations,
    );
    let list = at_staff.member("timesheetPricingLines");
    for (index, line) in elements(&staff.timesheet_pricing_lines) {
        let at = list.element(index);
        later_is_not_before(&line.start_date, &line.end_date, &at.member("endDate"), violations);
    }
    let list = at_staff.member("staffPayslips");
    for (index, payslip) in elements(&staff.staff_payslips) {
        payslip_order(payslip, &list.element(index), violations);
    }
}

fn payslip_order(payslip: &Payslip, at: &At<'_>, violations: &mut Reporter<'_>) {
    later_is_not_before(
        &payslip.employment_start_date,
        &payslip.employment_end_date,
        &at.member("employmentEndDate"),
        violations,
    );
    let list = at.member("payslipTableLines");
    for (index, line) in elements(&payslip.payslip_table_lines) {
        let at = list.element(index);
        later_is_not_before(&line.start_date, &line.end_date, &at.member("endDate"), violations);
    }
}

fn elements<T>(list: &Member<Vec<T>>) -> impl Iterator<Item = (usize, &T)> {
    list.get().into_iter().flatten().enumerate()
}

pub(super) fn no_staff_block(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let document = input.document;
    if document.contact_type() == Some(ContactType::Organization) && document.staff.get().is_some()
    {
        let message = "an organization is nobody's employee";
        violations.report(&At::root().member("staff"), "", message);
    }
}

pub(super) fn roles_agree(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let document = input.document;
    let roles = [
        ("client", document.client.get().is_some(), "isCustomer", &document.is_customer),
        ("supplier", document.supplier.get().is_some(), "isVendor", &document.is_vendor),
        ("staff", document.staff.get().is_some(), "isStaff", &document.is_staff),
    ];
    for (block, present, flag, set) in roles {
        if present && set.get() != Some(&true) {
            let message = format!("a contact with {block} should have {flag}");
            violations.report(&At::root().member(block), "", message);
        }
    }
}

/// A list that a contact refers to within itself.
#[derive(Clone, Copy)]
enum OwnList {
    Addresses,
    Banks,
}

impl OwnList {
    fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Banks => "banks",
        }
    }
}

/// The ids of the addresses and banks of a contact.
#[derive(Default)]
struct OwnParts {
    addresses: HashSet<i64>,
    banks: HashSet<i64>,
}

impl OwnParts {
    fn of(document: &ContactDocument) -> Self {
        let addresses = elements(&document.addresses).filter_map(|(_, address)| address.id.get());
        let banks = elements(&document.banks).filter_map(|(_, bank)| bank.id.get());
        Self {
            addresses: addresses.map(|id| id.get()).collect(),
            banks: banks.map(|id| id.get()).collect(),
        }
    }

    fn has(&self, list: OwnList, id: i64) -> bool {
        match list {
            OwnList::Addresses => self.addresses.contains(&id),
            OwnList::Banks => self.banks.contains(&id),
        }
    }
}

/// A reference to an address or bank of the same contact.
struct OwnReference {
    list: OwnList,
    /// Where the reference stands, such as `client.invoiceAddressId`.
    path: Path,
    id: i64,
}

fn own_references(document: &ContactDocument) -> Vec<OwnReference> {
    let root = At::root();
    let mut references = Vec::new();
    let mut note = |list, at: &At<'_>, member: &Member<SafeInteger>| {
        if let Some(id) = member.get() {
            references.push(OwnReference { list, path: at.path(), id: id.get() });
        }
    };
    if let Some(client) = document.client.get() {
        let at = root.member("client");
        note(OwnList::Addresses, &at.member("invoiceAddressId"), &client.invoice_address_id);
        note(OwnList::Addresses, &at.member("orderAddressId"), &client.order_address_id);
    }
    let payslips = document.staff.get().map(|staff| elements(&staff.staff_payslips));
    for (index, payslip) in payslips.into_iter().flatten() {
        if let Some(info) = payslip.salary_info.get() {
            let staff = root.member("staff");
            let list = staff.member("staffPayslips");
            let payslip = list.element(index);
            let at = payslip.member("salaryInfo");
            note(OwnList::Banks, &at.member("payableToBankId"), &info.payable_to_bank_id);
        }
    }
    references
}

pub(super) fn in_use(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(stored) = input.stored else { return };
    let references = own_references(input.document);
    if references.is_empty() {
        return;
    }
    let (has, had) = (OwnParts::of(input.document), OwnParts::of(stored));
    for reference in references {
        let OwnReference { list, path, id } = &reference;
        if !has.has(*list, *id) && had.has(*list, *id) {
            let message = format!("{path} still refers to what is to be removed");
            violations.report(&At::root().member(list.name()), id.to_string(), message);
        }
    }
}

pub(super) fn own_parts(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let references = own_references(input.document);
    if references.is_empty() {
        return;
    }
    let (has, had) = (OwnParts::of(input.document), input.stored.map(OwnParts::of));
    let had = had.unwrap_or_default();
    for OwnReference { list, path, id } in references {
        if !had.has(list, id) && !has.has(list, id) {
            let message = format!("names none of the contact's {}", list.name());
            violations.report_path(path, id.to_string(), message);
        }
    }
}

pub(super) fn scopes(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let sends_staff = input.sent.staff.presence() != Presence::Absent;
    if sends_staff && !input.context.may_write_staff {
        let message = "the caller lacks the scope for staff";
        violations.report(&At::root().member("staff"), "", message);
    }
}

pub(super) fn parts_named(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let blank = |name: Option<&str>| name.is_none_or(is_blank);
    let root = At::root();
    let list = root.member("addresses");
    for (index, address) in elements(&input.document.addresses) {
        if blank(address.name.get().map(Text::as_str)) {
            let at = list.element(index);
            violations.report(&at.member("name"), "", "an address should have a name");
        }
    }
    let list = root.member("banks");
    for (index, bank) in elements(&input.document.banks) {
        if blank(bank.name.get().map(Text::as_str)) {
            let at = list.element(index);
            violations.report(&at.member("name"), "", "a bank should have a name");
        }
    }
}

pub(super) fn expiry(input: &RuleInput<'_>, violations: &mut Reporter<'_>) {
    let Some(staff) = input.document.staff.get() else { return };
    let Some(start) = date(&staff.employment_start_date) else { return };
    let expiries = [
        ("documentExpiryDate", &staff.document_expiry_date),
        ("permitExpiryDate", &staff.permit_expiry_date),
    ];
    for (name, member) in expiries {
        if date(member).is_some_and(|end| end < start) {
            let root = At::root();
            let at = root.member("staff");
            let text = member.get().map_or("", |end| end.as_str());
            let message = format!("expires before the employment starts on {start}");
            violations.report(&at.member(name), text, message);
        }
    }
}
