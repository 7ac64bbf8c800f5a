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
        /// The id of the block.
        id: ElementId<OfStaff> = "id",
        /// The id of the contact.
        contact_id: ParentId<OfContact> = "contactId",
        /// The Swiss social security number (AVS).
        avs_number: Text<AvsNumber> = "avsNumber",
        /// The job of the employee.
        job_title: Text<Name> = "jobTitle",
        /// The kind of the contract.
        contract_type: Text<Token> = "contractType",
        /// The first day of the employment.
        employment_start_date: Text<CalendarDate> = "employmentStartDate",
        /// The last day of the employment.
        employment_end_date: Text<CalendarDate> = "employmentEndDate",
        /// The kind of the identity document.
        employee_document_type: Text<Token> = "employeeDocumentType",
        /// The number of the identity document.
        document_number: Text<Free> = "documentNumber",
        /// The last day on which the identity document is valid.
        document_expiry_date: Text<CalendarDate> = "documentExpiryDate",
        /// The last day on which the work permit is valid.
        permit_expiry_date: Text<CalendarDate> = "permitExpiryDate",
        /// The work permit.
        work_permit: OpaqueObject<WorkPermit> = "workPermit",
        /// Whether the employee is married.
        marital_type: Text<Token> = "maritalType",
        /// Since when.
        marital_date: Text<CalendarDate> = "maritalDate",
        /// Whether the spouse works.
        is_spouse_working: bool = "isSpouseWorking",
        /// The members of the family.
        family_members: Vec<FamilyMember> = "familyMembers",
        /// How an hour of the employee is costed.
        cost_calculation_type: Text<Token> = "costCalculationType",
        /// Whether the employee has to record working hours.
        enforce_timesheets: bool = "enforceTimesheets",
        /// What an hour of the employee costs.
        timesheets_cost: Amount<NotNegative> = "timesheetsCost",
        /// What an hour of the employee is sold for.
        timesheet_pricing_lines: Vec<TimesheetPricingLine> = "timesheetPricingLines",
        /// The payslips.
        staff_payslips: Vec<Payslip> = "staffPayslips",
    }

    /// A member of the employee's family.
    block FamilyMember by [first_name, last_name] {
        /// The id of the family member.
        id: ElementId = "id",
        /// The id of the block `staff`.
        staff_id: ParentId<OfStaff> = "staffId",
        /// Spouse, child or another.
        family_member_type: Text<Token> = "familyMemberType",
        /// The first name.
        first_name: Text<Name> = "firstName",
        /// The last name.
        last_name: Text<Name> = "lastName",
        /// The day of birth.
        birth_date: Text<CalendarDate> = "birthDate",
        /// The id of the country of citizenship in the ERP.
        nationality_country_id: SafeInteger = "nationalityCountryId",
    }

    /// What an hour of the employee is sold for.
    block TimesheetPricingLine by [client_id, order_id, task, start_date] {
        /// The id of the line.
        id: ElementId = "id",
        /// The id of the block `staff`.
        staff_id: ParentId<OfStaff> = "staffId",
        /// The id of the customer in the ERP.
        client_id: SafeInteger = "clientId",
        /// The name of the customer.
        client_name: Text<Name> = "clientName",
        /// The id of the order in the ERP.
        order_id: SafeInteger = "orderId",
        /// The task that is done.
        task: OpaqueObject<Task> = "task",
        /// The price of an hour.
        rate: Amount<NotNegative> = "rate",
        /// The first day that the price is valid.
        start_date: Text<CalendarDate> = "startDate",
        /// The last day that the price is valid.
        end_date: Text<CalendarDate> = "endDate",
    }

    /// A task of the ERP; stored as received.
    opaque Task {
        /// The id of the task in the ERP.
        "id": SafeInteger,
        /// The name of the task.
        "name": Text<Name>,
        /// The id of its organization in the ERP.
        "organizationId": SafeInteger,
        /// The price of an hour.
        "rate": Amount<Plain>,
    }

    /// A work permit of the ERP; stored as received.
    opaque WorkPermit {
        /// The id of the country in the ERP.
        "countryId": SafeInteger,
        /// The id of the permit in the ERP.
        "id": SafeInteger,
        /// The name of the permit.
        "name": OpaqueObject<Label>,
        /// The id of that name in the ERP.
        "nameId": SafeInteger,
    }
}
