//! Values of bank accounts and payment slips.

mod bank_customer_number;
mod bic;
mod iban;
mod isr_customer_number;
mod qr_iban;

pub use bank_customer_number::{BankCustomerNumber, InvalidBankCustomerNumber};
pub use bic::{Bic, InvalidBic};
#[cfg(feature = "contact")]
pub(crate) use iban::electronic_form;
pub use iban::{Iban, InvalidIban};
pub use isr_customer_number::{InvalidIsrCustomerNumber, IsrCustomerNumber};
pub use qr_iban::{InvalidQrIban, QrIban};
