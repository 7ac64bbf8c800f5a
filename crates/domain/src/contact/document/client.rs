//! A contact as a customer.

use super::Label;
use crate::contact::kinds::{Free, Name, NotNegative, Percentage, Plain};
use crate::tree::{Amount, ElementId, OfContact, OpaqueObject, ParentId, SafeInteger, Text, tree};
use crate::value::{Email, VatNumber};

tree! {
    /// The contact as a customer.
    block Client {
        id: ElementId = "id",
        contact_id: ParentId<OfContact> = "contactId",
        vat_number: Text<VatNumber> = "vatNumber",
        billing_email: Text<Email> = "billingEmail",
        order_email: Text<Email> = "orderEmail",
        late_notice_email: Text<Email> = "lateNoticeEmail",
        late_notice_margin: Amount<Plain> = "lateNoticeMargin",
        credit_limit: Amount<NotNegative> = "creditLimit",
        client_discount_rate: Amount<Percentage> = "clientDiscountRate",
        article_discounts: Vec<ArticleDiscount> = "articleDiscounts",
        payment_terms: Text<Free> = "paymentTerms",
        order_validity: Text<Free> = "orderValidity",
        advanced_invoicing_note: Text<Free> = "advancedInvoicingNote",
        invoice_address_id: SafeInteger = "invoiceAddressId",
        invoice_address_name: Text<Name> = "invoiceAddressName",
        order_address_id: SafeInteger = "orderAddressId",
        order_address_name: Text<Name> = "orderAddressName",
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

    /// A discount on one article.
    block ArticleDiscount {
        id: ElementId = "id",
        article_id: SafeInteger = "articleId",
        article_id_name: OpaqueObject<Label> = "articleIdName",
        discount: Amount<Percentage> = "discount",
    }
}
