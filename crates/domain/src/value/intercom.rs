//! Values of intercoms.

mod intercom_number;
mod intercom_type;
mod internal_address;
mod ringtone;
mod sip_uri;

pub use intercom_number::{IntercomNumber, InvalidIntercomNumber};
pub use intercom_type::{IntercomType, InvalidIntercomType};
pub use internal_address::{InternalAddress, InvalidInternalAddress};
pub use ringtone::{InvalidRingtone, Ringtone};
pub use sip_uri::{InvalidSipUri, SipUri};
