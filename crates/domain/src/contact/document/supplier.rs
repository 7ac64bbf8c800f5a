//! What is known about a contact as a supplier.

use super::Label;
use crate::contact::kinds::{FeeSplit, Free, Name, VatType};
use crate::tree::{Member, Mirror, OfContact, Own, Received, Text, Whole};
use crate::value::VatNumber;

crate::tree! {
    /// The contact as a supplier.
    block Supplier {
        id: Own = "id",
        contact_id: Mirror<OfContact> = "contactId",
        vat_number: Text<VatNumber> = "vatNumber",
        vat_type: Text<VatType> = "vatType",
        fee_split_type: Text<FeeSplit> = "feeSplitType",
        payment_terms: Text<Free> = "paymentTerms",
        currency_id: Whole = "currencyId",
        business_unit_id: Whole = "businessUnitId",
        business_unit_name: Text<Name> = "businessUnitName",
        pl_account_label: Received<Label> = "PLAccountName",
        placcount_id: Whole = "placcountId",
        placcount_name: Received<Label> = "placcountName",
        balance_sheet_account_id: Whole = "balanceSheetAccountId",
        balance_sheet_account_name: Received<Label> = "balanceSheetAccountName",
        payment_account_id: Whole = "paymentAccountId",
        payment_account_name: Received<Label> = "paymentAccountName",
        vat_rate_id: Whole = "vatRateId",
        vat_type_code_id: Whole = "vatTypeCodeId",
    }
}
