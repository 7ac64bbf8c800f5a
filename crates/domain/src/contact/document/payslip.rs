//! Payslips of an employee.

use super::Label;
use crate::contact::kinds::{Free, Name, NotNegative, Percentage, Plain, SalaryType, Token};
use crate::tree::{Amount, Member, Mirror, OfPayslip, OfStaff, Own, Received, Text, Whole};
use crate::value::CalendarDate;

crate::tree! {
    /// What an employee is paid in a year.
    element Payslip {
        id: Own<OfPayslip> = "id",
        staff_id: Mirror<OfStaff> = "staffId",
        calendar_year: Whole = "calendarYear",
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
        id: Own = "id",
        staff_payslip_entity_id: Mirror<OfPayslip> = "staffPayslipEntityId",
        employee_amount: Amount<Plain> = "employeeAmount",
        employer_amount: Amount<Plain> = "employerAmount",
        payslip_line_entity_id: Whole = "payslipLineEntityId",
        payslip_value_split_type: Text<Token> = "payslipValueSplitType",
    }

    /// A group of employees that the payslip counts for.
    element EmployeeGroup {
        id: Own = "id",
        staff_payslip_entity_id: Mirror<OfPayslip> = "staffPayslipEntityId",
        department_id: Whole = "departmentId",
        department_name: Text<Name> = "departmentName",
        group_type: Text<Token> = "groupType",
        percentage: Amount<Percentage> = "percentage",
    }

    /// A line of the payslip.
    element PayslipLine {
        id: Own = "id",
        staff_payslip_entity_id: Mirror<OfPayslip> = "staffPayslipEntityId",
        number: Whole = "number",
        description: Text<Free> = "description",
        quantity: Amount<Plain> = "quantity",
        employee_percentage: Amount<Percentage> = "employeePercentage",
        employee_value: Amount<Plain> = "employeeValue",
        employer_percentage: Amount<Percentage> = "employerPercentage",
        employer_value: Amount<Plain> = "employerValue",
        start_date: Text<CalendarDate> = "startDate",
        end_date: Text<CalendarDate> = "endDate",
        payslip_line_id: Text<Free> = "payslipLineId",
        payslip_entity_id: Whole = "payslipEntityId",
        organization_payslip_entity_id: Whole = "organizationPayslipEntityId",
        organization_employee_group_id: Whole = "organizationEmployeeGroupId",
    }

    /// How the salary is reckoned and paid.
    block SalaryInfo {
        id: Own = "id",
        staff_id: Mirror<OfStaff> = "staffId",
        staff_payslip_entity_id: Mirror<OfPayslip> = "staffPayslipEntityId",
        salary_type: Text<SalaryType> = "salaryType",
        hourly_rate: Amount<NotNegative> = "hourlyRate",
        capacity: Amount<Plain> = "capacity",
        total_occupancy: Amount<Plain> = "totalOccupancy",
        work_occupancy: Amount<Plain> = "workOccupancy",
        number_of_vacation_days: Amount<NotNegative> = "numberOfVacationDays",
        has_only_one_job: bool = "hasOnlyOneJob",
        is_source_tax_enabled: bool = "isSourceTaxEnabled",
        source_tax_code: Text<Free> = "sourceTaxCode",
        payable_to_bank_id: Whole = "payableToBankId",
        payroll_currency_id: Whole = "payrollCurrencyId",
        region_id: Whole = "regionId",
        organization_id: Whole = "organizationId",
        organization_employee_group_id: Whole = "organizationEmployeeGroupId",
        default_payment_account_id: Whole = "defaultPaymentAccountId",
        default_payment_account_name: Received<Label> = "defaultPaymentAccountName",
    }

    /// A line that the payroll system adds.
    block SystemLine {
        id: Own = "id",
        staff_payslip_entity_id: Mirror<OfPayslip> = "staffPayslipEntityId",
        number: Whole = "number",
        bracket: Text<Free> = "bracket",
        rate: Amount<Plain> = "rate",
        payslip_line_entity_id: Whole = "payslipLineEntityId",
        localizations: Box<Localizations> = "localizations",
    }

    /// The text of a line by language.
    block Localizations {
        id: Own = "id",
        de: Text<Free> = "de",
        en: Text<Free> = "en",
        fr: Text<Free> = "fr",
        it: Text<Free> = "it",
    }
}
