//! Payslips of an employee.

use super::Label;
use crate::contact::kinds::{Free, Name, NotNegative, Percentage, Plain, SalaryType, Token};
use crate::tree::{
    Amount, ElementId, OfPayslip, OfStaff, OpaqueObject, ParentId, SafeInteger, Text, tree,
};
use crate::value::CalendarDate;

tree! {
    /// What an employee is paid in a year.
    block Payslip by [calendar_year] {
        /// The id of the payslip.
        id: ElementId<OfPayslip> = "id",
        /// The id of the block `staff`.
        staff_id: ParentId<OfStaff> = "staffId",
        /// The year that the payslip is for.
        calendar_year: SafeInteger = "calendarYear",
        /// The first day of the employment.
        employment_start_date: Text<CalendarDate> = "employmentStartDate",
        /// The last day of the employment.
        employment_end_date: Text<CalendarDate> = "employmentEndDate",
        /// The line of the base salary.
        base_salary_line: Box<BaseSalaryLine> = "baseSalaryLine",
        /// The groups of employees that the payslip counts for.
        employee_groups: Vec<EmployeeGroup> = "employeeGroups",
        /// The lines of the payslip.
        payslip_table_lines: Vec<PayslipLine> = "payslipTableLines",
        /// How the salary is reckoned and paid.
        salary_info: Box<SalaryInfo> = "salaryInfo",
        /// The line that the payroll system adds.
        system_line: Box<SystemLine> = "systemLine",
        /// Whether the employer gives meals or meal vouchers.
        is_canteen_meals_or_meals_vouchers: bool = "isCanteenMealsOrMealsVouchers",
        /// Whether the employer pays the way to work.
        is_free_transport_to_work: bool = "isFreeTransportToWork",
        /// Remarks for the salary certificate.
        salary_certificate_notes: Text<Free> = "salaryCertificateNotes",
    }

    /// The base salary.
    block BaseSalaryLine {
        /// The id of the line.
        id: ElementId = "id",
        /// The id of the payslip.
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        /// What the employee gets or pays.
        employee_amount: Amount<Plain> = "employeeAmount",
        /// What the employer pays.
        employer_amount: Amount<Plain> = "employerAmount",
        /// The id of the payslip line in the ERP.
        payslip_line_entity_id: SafeInteger = "payslipLineEntityId",
        /// Who bears the amount.
        payslip_value_split_type: Text<Token> = "payslipValueSplitType",
    }

    /// A group of employees that the payslip counts for.
    block EmployeeGroup by [department_id] {
        /// The id of the entry.
        id: ElementId = "id",
        /// The id of the payslip.
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        /// The id of the department in the ERP.
        department_id: SafeInteger = "departmentId",
        /// The name of the department.
        department_name: Text<Name> = "departmentName",
        /// What kind of group it is.
        group_type: Text<Token> = "groupType",
        /// The part of the work that counts for the group, in percent.
        percentage: Amount<Percentage> = "percentage",
    }

    /// A line of the payslip.
    block PayslipLine by [number] {
        /// The id of the line.
        id: ElementId = "id",
        /// The id of the payslip.
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        /// The number of the line.
        number: SafeInteger = "number",
        /// What the line is for.
        description: Text<Free> = "description",
        /// How many units.
        quantity: Amount<Plain> = "quantity",
        /// The employee's part, in percent.
        employee_percentage: Amount<Percentage> = "employeePercentage",
        /// The employee's part, as an amount.
        employee_value: Amount<Plain> = "employeeValue",
        /// The employer's part, in percent.
        employer_percentage: Amount<Percentage> = "employerPercentage",
        /// The employer's part, as an amount.
        employer_value: Amount<Plain> = "employerValue",
        /// The first day that the line counts for.
        start_date: Text<CalendarDate> = "startDate",
        /// The last day that the line counts for.
        end_date: Text<CalendarDate> = "endDate",
        /// The id of the line in the payroll system, as text.
        payslip_line_id: Text<Free> = "payslipLineId",
        /// The id of the payslip in the ERP.
        payslip_entity_id: SafeInteger = "payslipEntityId",
        /// The id of the organization's payslip line in the ERP.
        organization_payslip_entity_id: SafeInteger = "organizationPayslipEntityId",
        /// The id of the organization's group of employees in the ERP.
        organization_employee_group_id: SafeInteger = "organizationEmployeeGroupId",
    }

    /// How the salary is reckoned and paid.
    block SalaryInfo {
        /// The id of the block.
        id: ElementId = "id",
        /// The id of the block `staff`.
        staff_id: ParentId<OfStaff> = "staffId",
        /// The id of the payslip.
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        /// Whether the salary is paid by the month or by the hour.
        salary_type: Text<SalaryType> = "salaryType",
        /// What an hour is paid.
        hourly_rate: Amount<NotNegative> = "hourlyRate",
        /// The working hours in a full week.
        capacity: Amount<Plain> = "capacity",
        /// The employment with all employers, in percent.
        total_occupancy: Amount<Plain> = "totalOccupancy",
        /// The employment with this employer, in percent.
        work_occupancy: Amount<Plain> = "workOccupancy",
        /// The days of vacation in a year.
        number_of_vacation_days: Amount<NotNegative> = "numberOfVacationDays",
        /// Whether the employee has no other employer.
        has_only_one_job: bool = "hasOnlyOneJob",
        /// Whether tax is deducted at source.
        is_source_tax_enabled: bool = "isSourceTaxEnabled",
        /// The tariff of the tax at source.
        source_tax_code: Text<Free> = "sourceTaxCode",
        /// The id of the contact's bank account that the salary is paid to.
        payable_to_bank_id: SafeInteger = "payableToBankId",
        /// The id of the currency in the ERP.
        payroll_currency_id: SafeInteger = "payrollCurrencyId",
        /// The id of the canton in the ERP.
        region_id: SafeInteger = "regionId",
        /// The id of the employer in the ERP.
        organization_id: SafeInteger = "organizationId",
        /// The id of the organization's group of employees in the ERP.
        organization_employee_group_id: SafeInteger = "organizationEmployeeGroupId",
        /// The id of the account in the ERP that salaries are paid from.
        default_payment_account_id: SafeInteger = "defaultPaymentAccountId",
        /// The name of that account.
        default_payment_account_name: OpaqueObject<Label> = "defaultPaymentAccountName",
    }

    /// A line that the payroll system adds.
    block SystemLine {
        /// The id of the line.
        id: ElementId = "id",
        /// The id of the payslip.
        staff_payslip_entity_id: ParentId<OfPayslip> = "staffPayslipEntityId",
        /// The number of the line.
        number: SafeInteger = "number",
        /// The bracket that the line falls into.
        bracket: Text<Free> = "bracket",
        /// The rate of the line.
        rate: Amount<Plain> = "rate",
        /// The id of the payslip line in the ERP.
        payslip_line_entity_id: SafeInteger = "payslipLineEntityId",
        /// The text of the line by language.
        localizations: Box<Localizations> = "localizations",
    }

    /// The text of a line by language.
    block Localizations {
        /// The id of the texts.
        id: ElementId = "id",
        /// In German.
        de: Text<Free> = "de",
        /// In English.
        en: Text<Free> = "en",
        /// In French.
        fr: Text<Free> = "fr",
        /// In Italian.
        it: Text<Free> = "it",
    }
}
