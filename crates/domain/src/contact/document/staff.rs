//! A contact as an employee.

use super::{Label, Payslip};
use crate::contact::kinds::{Free, Name, NotNegative, Plain, Token};
use crate::tree::{
    Amount, ElementId, OfContact, OfStaff, OpaqueObject, ParentId, SafeInteger, Text, tree,
};
use crate::value::{AvsNumber, CalendarDate};

tree! {
    /// The contact as an employee.
    block Staff {
        id: ElementId<OfStaff> = "id",
        contact_id: ParentId<OfContact> = "contactId",
        avs_number: Text<AvsNumber> = "avsNumber",
        job_title: Text<Name> = "jobTitle",
        contract_type: Text<Token> = "contractType",
        employment_start_date: Text<CalendarDate> = "employmentStartDate",
        employment_end_date: Text<CalendarDate> = "employmentEndDate",
        employee_document_type: Text<Token> = "employeeDocumentType",
        document_number: Text<Free> = "documentNumber",
        document_expiry_date: Text<CalendarDate> = "documentExpiryDate",
        permit_expiry_date: Text<CalendarDate> = "permitExpiryDate",
        work_permit: OpaqueObject<WorkPermit> = "workPermit",
        marital_type: Text<Token> = "maritalType",
        marital_date: Text<CalendarDate> = "maritalDate",
        is_spouse_working: bool = "isSpouseWorking",
        family_members: Vec<FamilyMember> = "familyMembers",
        cost_calculation_type: Text<Token> = "costCalculationType",
        enforce_timesheets: bool = "enforceTimesheets",
        timesheets_cost: Amount<NotNegative> = "timesheetsCost",
        timesheet_pricing_lines: Vec<TimesheetPricingLine> = "timesheetPricingLines",
        staff_payslips: Vec<Payslip> = "staffPayslips",
    }

    /// A member of the employee's family.
    block FamilyMember {
        id: ElementId = "id",
        staff_id: ParentId<OfStaff> = "staffId",
        family_member_type: Text<Token> = "familyMemberType",
        first_name: Text<Name> = "firstName",
        last_name: Text<Name> = "lastName",
        birth_date: Text<CalendarDate> = "birthDate",
        nationality_country_id: SafeInteger = "nationalityCountryId",
    }

    /// What an hour of the employee is sold for.
    block TimesheetPricingLine {
        id: ElementId = "id",
        staff_id: ParentId<OfStaff> = "staffId",
        client_id: SafeInteger = "clientId",
        client_name: Text<Name> = "clientName",
        order_id: SafeInteger = "orderId",
        task: OpaqueObject<Task> = "task",
        rate: Amount<NotNegative> = "rate",
        start_date: Text<CalendarDate> = "startDate",
        end_date: Text<CalendarDate> = "endDate",
    }

    /// A task of the ERP; stored as received.
    opaque Task {
        "id": SafeInteger,
        "name": Text<Name>,
        "organizationId": SafeInteger,
        "rate": Amount<Plain>,
    }

    /// A work permit of the ERP; stored as received.
    opaque WorkPermit {
        "countryId": SafeInteger,
        "id": SafeInteger,
        "name": OpaqueObject<Label>,
        "nameId": SafeInteger,
    }
}
