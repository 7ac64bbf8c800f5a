//! A contact as a supplier.

use super::Label;
use crate::contact::kinds::{FeeSplit, Free, Name, VatType};
use crate::tree::{ElementId, OfContact, OpaqueObject, ParentId, SafeInteger, Text, tree};
use crate::value::VatNumber;

tree! {
    /// The contact as a supplier.
    block Supplier {
        /// The id of the block.
        id: ElementId = "id",
        /// The id of the contact.
        contact_id: ParentId<OfContact> = "contactId",
        /// The VAT number of the supplier.
        vat_number: Text<VatNumber> = "vatNumber",
        /// How VAT is charged on what the supplier delivers.
        vat_type: Text<VatType> = "vatType",
        /// Who pays the fees of a transfer.
        fee_split_type: Text<FeeSplit> = "feeSplitType",
        /// When and how invoices are paid.
        payment_terms: Text<Free> = "paymentTerms",
        /// The id of the currency in the ERP.
        currency_id: SafeInteger = "currencyId",
        /// The id of the business unit in the ERP.
        business_unit_id: SafeInteger = "businessUnitId",
        /// The name of the business unit.
        business_unit_name: Text<Name> = "businessUnitName",
        /// The name of the profit and loss account, under its older member name.
        pl_account_label: OpaqueObject<Label> = "PLAccountName",
        /// The id of the profit and loss account in the ERP.
        placcount_id: SafeInteger = "placcountId",
        /// The name of the profit and loss account.
        placcount_name: OpaqueObject<Label> = "placcountName",
        /// The id of the balance sheet account in the ERP.
        balance_sheet_account_id: SafeInteger = "balanceSheetAccountId",
        /// The name of the balance sheet account.
        balance_sheet_account_name: OpaqueObject<Label> = "balanceSheetAccountName",
        /// The id of the payment account in the ERP.
        payment_account_id: SafeInteger = "paymentAccountId",
        /// The name of the payment account.
        payment_account_name: OpaqueObject<Label> = "paymentAccountName",
        /// The id of the VAT rate in the ERP.
        vat_rate_id: SafeInteger = "vatRateId",
        /// The id of the VAT code in the ERP.
        vat_type_code_id: SafeInteger = "vatTypeCodeId",
    }
}
