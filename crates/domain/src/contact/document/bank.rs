//! Bank accounts.

use super::Address;
use crate::contact::kinds::{AccountNumber, Free, Name};
use crate::tree::{ElementId, SafeInteger, Text, tree};
use crate::value::{BankCustomerNumber, Bic, IsrCustomerNumber, QrIban};

tree! {
    /// A bank account of the contact.
    block Bank {
        id: ElementId = "id",
        name: Text<Name> = "name",
        bank_name: Text<Name> = "bankName",
        account_number: Text<AccountNumber> = "accountNumber",
        qr_iban: Text<QrIban> = "qrIban",
        swift_bic: Text<Bic> = "swiftBic",
        bank_customer_number: Text<BankCustomerNumber> = "bankCustomerNumber",
        isr_customer_number: Text<IsrCustomerNumber> = "isrCustomerNumber",
        account_holder_address: Box<Address> = "accountHolderAddress",
        custom_holder: bool = "customHolder",
        chart_of_accounts: SafeInteger = "chartOfAccounts",
        position: SafeInteger = "position",
        use_for_reconciliation: bool = "useForReconciliation",
        remark: Text<Free> = "remark",
    }
}
