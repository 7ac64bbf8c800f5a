//! Payslips of an employee.

use super::Label;
use crate::contact::kinds::{Free, Name, NotNegative, Percentage, Plain, SalaryType, Token};
use crate::tree::{
    Amount, ElementId, OfPayslip, OfStaff, OpaqueObject, ParentId, SafeInteger, Text, tree,
};
use crate::value::CalendarDate;

tree! {
    /// What an employee is paid in a year.
    block Payslip {
        id: ElementId<OfPayslip> = "id",
        staff_id: ParentId<OfStaff> = "staffId",
        calendar_year: SafeInteger = "calendarYear",
        employment_start_date: Text<CalendarDate> = "employmentStartDate",
        employment_end_date: Text<CalendarDate> = "employmentEndDate",
        base_salary_line: Box<BaseSalaryLine> = "baseSalaryLine",
        employee_groups: Vec<EmployeeGroup> = "employeeGroups",
        payslip_table_lines: Vec<PayslipLine> = "payslipTableLines",
        salary_info: Box<SalaryInfo> = "salaryInfo",
        system_line: Box<SystemLine> = "systemLine",
        is_canteen_meals_or_meals_vouchers: bool = "isCanteenMealsOrMealsVouchers",
        is_free_transport_to_work: bool = "isFreeTransportToWork",
        salary_certificate_notes: Text<Free> = "salaryCertificateNotes",
    }

    /// The base salary.
    block BaseSalaryLine {
        id: ElementId = "id",
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        employee_amount: Amount<Plain> = "employeeAmount",
        employer_amount: Amount<Plain> = "employerAmount",
        payslip_line_entity_id: SafeInteger = "payslipLineEntityId",
        payslip_value_split_type: Text<Token> = "payslipValueSplitType",
    }

    /// A group of employees that the payslip counts for.
    block EmployeeGroup {
        id: ElementId = "id",
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        department_id: SafeInteger = "departmentId",
        department_name: Text<Name> = "departmentName",
        group_type: Text<Token> = "groupType",
        percentage: Amount<Percentage> = "percentage",
    }

    /// A line of the payslip.
    block PayslipLine {
        id: ElementId = "id",
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        number: SafeInteger = "number",
        description: Text<Free> = "description",
        quantity: Amount<Plain> = "quantity",
        employee_percentage: Amount<Percentage> = "employeePercentage",
        employee_value: Amount<Plain> = "employeeValue",
        employer_percentage: Amount<Percentage> = "employerPercentage",
        employer_value: Amount<Plain> = "employerValue",
        start_date: Text<CalendarDate> = "startDate",
        end_date: Text<CalendarDate> = "endDate",
        payslip_line_id: Text<Free> = "payslipLineId",
        payslip_entity_id: SafeInteger = "payslipEntityId",
        organization_payslip_entity_id: SafeInteger = "organizationPayslipEntityId",
        organization_employee_group_id: SafeInteger = "organizationEmployeeGroupId",
    }

    /// How the salary is reckoned and paid.
    block SalaryInfo {
        id: ElementId = "id",
        staff_id: ParentId<OfStaff> = "staffId",
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        salary_type: Text<SalaryType> = "salaryType",
        hourly_rate: Amount<NotNegative> = "hourlyRate",
        capacity: Amount<Plain> = "capacity",
        total_occupancy: Amount<Plain> = "totalOccupancy",
        work_occupancy: Amount<Plain> = "workOccupancy",
        number_of_vacation_days: Amount<NotNegative> = "numberOfVacationDays",
        has_only_one_job: bool = "hasOnlyOneJob",
        is_source_tax_enabled: bool = "isSourceTaxEnabled",
        source_tax_code: Text<Free> = "sourceTaxCode",
        payable_to_bank_id: SafeInteger = "payableToBankId",
        payroll_currency_id: SafeInteger = "payrollCurrencyId",
        region_id: SafeInteger = "regionId",
        organization_id: SafeInteger = "organizationId",
        organization_employee_group_id: SafeInteger = "organizationEmployeeGroupId",
        default_payment_account_id: SafeInteger = "defaultPaymentAccountId",
        default_payment_account_name: OpaqueObject<Label> = "defaultPaymentAccountName",
    }

    /// A line that the payroll system adds.
    block SystemLine {
        id: ElementId = "id",
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        number: SafeInteger = "number",
        bracket: Text<Free> = "bracket",
        rate: Amount<Plain> = "rate",
        payslip_line_entity_id: SafeInteger = "payslipLineEntityId",
        localizations: Box<Localizations> = "localizations",
    }

    /// The text of a line by language.
    block Localizations {
        id: ElementId = "id",
        de: Text<Free> = "de",
        en: Text<Free> = "en",
        fr: Text<Free> = "fr",
        it: Text<Free> = "it",
    }
}
