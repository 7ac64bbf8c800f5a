//! A contact as a supplier.

use super::Label;
use crate::contact::kinds::{FeeSplit, Free, Name, VatType};
use crate::tree::{ElementId, OfContact, OpaqueObject, ParentId, SafeInteger, Text, tree};
use crate::value::VatNumber;

tree! {
    /// The contact as a supplier.
    block Supplier {
        id: ElementId = "id",
        contact_id: ParentId<OfContact> = "contactId",
        vat_number: Text<VatNumber> = "vatNumber",
        vat_type: Text<VatType> = "vatType",
        fee_split_type: Text<FeeSplit> = "feeSplitType",
        payment_terms: Text<Free> = "paymentTerms",
        currency_id: SafeInteger = "currencyId",
        business_unit_id: SafeInteger = "businessUnitId",
        business_unit_name: Text<Name> = "businessUnitName",
        pl_account_label: OpaqueObject<Label> = "PLAccountName",
        placcount_id: SafeInteger = "placcountId",
        placcount_name: OpaqueObject<Label> = "placcountName",
        balance_sheet_account_id: SafeInteger = "balanceSheetAccountId",
        balance_sheet_account_name: OpaqueObject<Label> = "balanceSheetAccountName",
        payment_account_id: SafeInteger = "paymentAccountId",
        payment_account_name: OpaqueObject<Label> = "paymentAccountName",
        vat_rate_id: SafeInteger = "vatRateId",
        vat_type_code_id: SafeInteger = "vatTypeCodeId",
    }
}
