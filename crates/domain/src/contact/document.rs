//! The contact document, as the APIs carry it and as it is stored.

mod access;
mod address;
mod bank;
mod client;
mod communication;
mod intercom;
mod label;
mod payslip;
mod staff;
mod supplier;
mod tag;

pub use access::{AvailableRole, GroupRole, PermissionNode, PermissionRole, UserGroup};
pub use address::{Address, Region};
pub use bank::Bank;
pub use client::{ArticleDiscount, Client};
pub use communication::Communication;
pub use intercom::Intercom;
pub use label::Label;
pub use payslip::{
    BaseSalaryLine, EmployeeGroup, Localizations, Payslip, PayslipLine, SalaryInfo, SystemLine,
};
pub use staff::{FamilyMember, Staff, Task, TimesheetPricingLine, WorkPermit};
pub use supplier::Supplier;
pub use tag::{AdditionalInformation, Tag};

use super::kinds::{ContactTypeName, ExternalId, Free, Gender, Language, Name, Token};
use crate::tree::{CustomFields, OpaqueObject, ReadOnly, SafeInteger, Text, tree};
use crate::value::{CalendarDate, Email, LinkId, Phone, WebSite};

tree! {
    /// A contact: a person, an organization or an endpoint, with everything known about it.
    block ContactDocument {
        /// The id of the contact, given by the server; an item that has it must find the contact.
        id: SafeInteger = "id",
        /// The same number as `id`.
        contact_id: SafeInteger = "contactId",
        /// What the contact is; set once.
        contact_type: Text<ContactTypeName> = "contactType",
        /// The organization that the contact belongs to.
        organization_id: SafeInteger = "organizationId",
        /// The caller's own key for the contact, unique in the organization.
        external_id: Text<ExternalId> = "externalId",
        /// The key that devices use for the contact, unique in the organization.
        link_id: Text<LinkId> = "linkId",
        /// The name of an organization.
        name: Text<Name> = "name",
        /// The first name of a person.
        first_name: Text<Name> = "firstName",
        /// The last name of a person.
        last_name: Text<Name> = "lastName",
        /// The title of a person, such as Dr.
        title: Text<Free> = "title",
        /// The day on which a person was born.
        birthday: Text<CalendarDate> = "birthday",
        /// The gender of a person.
        gender_type: Text<Gender> = "genderType",
        /// The main e-mail address.
        email: Text<Email> = "email",
        /// The main phone number; without its country, one of the country of the addresses.
        phone: Text<Phone> = "phone",
        /// The mobile phone number, read like `phone`.
        mobile: Text<Phone> = "mobile",
        /// The fax number, read like `phone`.
        fax: Text<Phone> = "fax",
        /// The web site, as a URL or a host name.
        web_site: Text<WebSite> = "webSite",
        /// The language to write to the contact in.
        default_language: Text<Language> = "defaultLanguage",
        /// The part of the ERP that opens first for the contact.
        default_module: Text<Token> = "defaultModule",
        /// Whether the contact is put aside: it keeps its keys and is still matched.
        archived: bool = "archived",
        /// Whether the contact takes letters by e-mail.
        ecorrespondence: bool = "ecorrespondence",
        /// Whether the contact is a customer.
        is_customer: bool = "isCustomer",
        /// Whether the contact is an employee.
        is_staff: bool = "isStaff",
        /// Whether the contact is a user of the ERP.
        is_user: bool = "isUser",
        /// Whether the contact is a supplier.
        is_vendor: bool = "isVendor",
        /// Whether the contact's organization records working hours.
        organization_uses_timesheets: bool = "organizationUsesTimesheets",
        /// The postal addresses.
        addresses: Vec<Address> = "addresses",
        /// The bank accounts.
        banks: Vec<Bank> = "banks",
        /// The contact as a customer.
        client: Box<Client> = "client",
        /// The contact as a supplier.
        supplier: Box<Supplier> = "supplier",
        /// The contact as an employee: salary data, for tokens with the scope `staff`.
        staff: Box<Staff> = "staff",
        /// The contact's entry in the directory of an intercom.
        intercom: Box<Intercom> = "intercom",
        /// Calls, letters and meetings.
        communications: Vec<Communication> = "communications",
        /// Notes, each under a tag.
        additional_information: Vec<AdditionalInformation> = "additionalInformation",
        /// The tags of the contact.
        tags: Vec<Tag> = "tags",
        /// The ids of persons that the contact has to do with.
        related_contact_ids: Vec<SafeInteger> = "relatedContactIds",
        /// The ids of organizations that the contact has to do with.
        related_organization_contact_ids: Vec<SafeInteger> = "relatedOrganizationContactIds",
        /// The roles that the contact's user has in groups.
        group_roles: Vec<OpaqueObject<GroupRole>> = "groupRoles",
        /// The groups that the contact's user belongs to.
        user_groups: Vec<OpaqueObject<UserGroup>> = "userGroups",
        /// What the contact's user may do, by organization.
        permissions_tree: Vec<OpaqueObject<PermissionNode>> = "permissionsTree",
        /// Fields of the caller's own.
        custom_fields: CustomFields = "customFields",
        /// What the ERP warns of when somebody opens the contact.
        warnings: Text<Free> = "warnings",
        /// The version that a change expects; if the contact has another one, it is refused.
        if_version: SafeInteger = "ifVersion",
        /// How often the contact was changed, from 1.
        version: ReadOnly = "version",
        /// When the contact was created (RFC 3339).
        created_at: ReadOnly = "createdAt",
        /// When the contact was last changed (RFC 3339).
        updated_at: ReadOnly = "updatedAt",
        /// The name by which lists show the contact.
        display_name: ReadOnly = "displayName",
    }
}
