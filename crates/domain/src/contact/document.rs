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
        id: SafeInteger = "id",
        contact_id: SafeInteger = "contactId",
        contact_type: Text<ContactTypeName> = "contactType",
        organization_id: SafeInteger = "organizationId",
        external_id: Text<ExternalId> = "externalId",
        link_id: Text<LinkId> = "linkId",
        name: Text<Name> = "name",
        first_name: Text<Name> = "firstName",
        last_name: Text<Name> = "lastName",
        title: Text<Free> = "title",
        birthday: Text<CalendarDate> = "birthday",
        gender_type: Text<Gender> = "genderType",
        email: Text<Email> = "email",
        phone: Text<Phone> = "phone",
        mobile: Text<Phone> = "mobile",
        fax: Text<Phone> = "fax",
        web_site: Text<WebSite> = "webSite",
        default_language: Text<Language> = "defaultLanguage",
        default_module: Text<Token> = "defaultModule",
        archived: bool = "archived",
        ecorrespondence: bool = "ecorrespondence",
        is_customer: bool = "isCustomer",
        is_staff: bool = "isStaff",
        is_user: bool = "isUser",
        is_vendor: bool = "isVendor",
        organization_uses_timesheets: bool = "organizationUsesTimesheets",
        addresses: Vec<Address> = "addresses",
        banks: Vec<Bank> = "banks",
        client: Box<Client> = "client",
        supplier: Box<Supplier> = "supplier",
        staff: Box<Staff> = "staff",
        intercom: Box<Intercom> = "intercom",
        communications: Vec<Communication> = "communications",
        additional_information: Vec<AdditionalInformation> = "additionalInformation",
        tags: Vec<Tag> = "tags",
        related_contact_ids: Vec<SafeInteger> = "relatedContactIds",
        related_organization_contact_ids: Vec<SafeInteger> = "relatedOrganizationContactIds",
        group_roles: Vec<OpaqueObject<GroupRole>> = "groupRoles",
        user_groups: Vec<OpaqueObject<UserGroup>> = "userGroups",
        permissions_tree: Vec<OpaqueObject<PermissionNode>> = "permissionsTree",
        custom_fields: CustomFields = "customFields",
        warnings: Text<Free> = "warnings",
        if_version: SafeInteger = "ifVersion",
        version: ReadOnly = "version",
        created_at: ReadOnly = "createdAt",
        updated_at: ReadOnly = "updatedAt",
        display_name: ReadOnly = "displayName",
    }
}
