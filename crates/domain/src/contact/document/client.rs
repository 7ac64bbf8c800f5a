//! What is known about a contact as a customer.

use super::Label;
use crate::contact::kinds::{Free, Name, NotNegative, Percentage, Plain};
use crate::tree::{Amount, Member, Mirror, OfContact, Own, Received, Text, Whole};
use crate::value::{Email, VatNumber};

crate::tree! {
    /// The contact as a customer.
    block Client {
        id: Own = "id",
        contact_id: Mirror<OfContact> = "contactId",
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
        invoice_address_id: Whole = "invoiceAddressId",
        invoice_address_name: Text<Name> = "invoiceAddressName",
        order_address_id: Whole = "orderAddressId",
        order_address_name: Text<Name> = "orderAddressName",
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

    /// A discount on one article.
    element ArticleDiscount {
        id: Own = "id",
        article_id: Whole = "articleId",
        article_id_name: Received<Label> = "articleIdName",
        discount: Amount<Percentage> = "discount",
    }
}
