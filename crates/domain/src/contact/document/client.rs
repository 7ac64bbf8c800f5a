//! A contact as a customer.

use super::Label;
use crate::contact::kinds::{Free, Name, NotNegative, Percentage, Plain};
use crate::tree::{Amount, ElementId, OfContact, OpaqueObject, ParentId, SafeInteger, Text, tree};
use crate::value::{Email, VatNumber};

tree! {
    /// The contact as a customer.
    block Client {
        /// The id of the block.
        id: ElementId = "id",
        /// The id of the contact.
        contact_id: ParentId<OfContact> = "contactId",
        /// The VAT number of the customer.
        vat_number: Text<VatNumber> = "vatNumber",
        /// Where invoices are sent.
        billing_email: Text<Email> = "billingEmail",
        /// Where orders are sent.
        order_email: Text<Email> = "orderEmail",
        /// Where reminders are sent.
        late_notice_email: Text<Email> = "lateNoticeEmail",
        /// The amount up to which no reminder is sent.
        late_notice_margin: Amount<Plain> = "lateNoticeMargin",
        /// The amount up to which the customer may owe.
        credit_limit: Amount<NotNegative> = "creditLimit",
        /// The discount on everything, in percent.
        client_discount_rate: Amount<Percentage> = "clientDiscountRate",
        /// Discounts on single articles.
        article_discounts: Vec<ArticleDiscount> = "articleDiscounts",
        /// When and how invoices are paid.
        payment_terms: Text<Free> = "paymentTerms",
        /// How long offers are valid.
        order_validity: Text<Free> = "orderValidity",
        /// A note on invoices in advance.
        advanced_invoicing_note: Text<Free> = "advancedInvoicingNote",
        /// The id of the contact's address for invoices.
        invoice_address_id: SafeInteger = "invoiceAddressId",
        /// The name of that address.
        invoice_address_name: Text<Name> = "invoiceAddressName",
        /// The id of the contact's address for orders.
        order_address_id: SafeInteger = "orderAddressId",
        /// The name of that address.
        order_address_name: Text<Name> = "orderAddressName",
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

    /// A discount on one article.
    block ArticleDiscount by [article_id] {
        /// The id of the discount.
        id: ElementId = "id",
        /// The id of the article in the ERP.
        article_id: SafeInteger = "articleId",
        /// The name of the article.
        article_id_name: OpaqueObject<Label> = "articleIdName",
        /// The discount, in percent.
        discount: Amount<Percentage> = "discount",
    }
}
