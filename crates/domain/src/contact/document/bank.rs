//! Bank accounts.

use super::Address;
use crate::contact::kinds::{AccountNumber, Free, Name};
use crate::tree::{ElementId, SafeInteger, Text, tree};
use crate::value::{BankCustomerNumber, Bic, IsrCustomerNumber, QrIban};

tree! {
    /// A bank account of the contact.
    block Bank by [qr_iban] or [account_number] or [name] {
        /// The id of the bank account.
        id: ElementId = "id",
        /// What the account is called in lists.
        name: Text<Name> = "name",
        /// The name of the bank.
        bank_name: Text<Name> = "bankName",
        /// The number of the account, as an IBAN (ISO 13616) or in another form.
        account_number: Text<AccountNumber> = "accountNumber",
        /// The IBAN for payments by Swiss QR-bill.
        qr_iban: Text<QrIban> = "qrIban",
        /// The BIC of the bank (ISO 9362).
        swift_bic: Text<Bic> = "swiftBic",
        /// The number that the bank knows its customer by.
        bank_customer_number: Text<BankCustomerNumber> = "bankCustomerNumber",
        /// The customer number for Swiss inpayment slips (ISR).
        isr_customer_number: Text<IsrCustomerNumber> = "isrCustomerNumber",
        /// The address of the holder, where it is not the contact's.
        account_holder_address: Box<Address> = "accountHolderAddress",
        /// Whether somebody else holds the account.
        custom_holder: bool = "customHolder",
        /// The id of the account in the ERP's chart of accounts.
        chart_of_accounts: SafeInteger = "chartOfAccounts",
        /// The place of the account in lists of the ERP.
        position: SafeInteger = "position",
        /// Whether statements of the account are reconciled.
        use_for_reconciliation: bool = "useForReconciliation",
        /// A remark about the account.
        remark: Text<Free> = "remark",
    }
}
