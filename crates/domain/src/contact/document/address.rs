//! Postal addresses.

use crate::contact::kinds::{Free, Name};
use crate::tree::{ElementId, OpaqueObject, SafeInteger, Text, tree};
use crate::value::CountryCode;

tree! {
    /// A postal address of the contact.
    block Address {
        id: ElementId = "id",
        name: Text<Name> = "name",
        to_the_attention_of: Text<Free> = "toTheAttentionOf",
        service: Text<Free> = "service",
        line1: Text<Free> = "line1",
        line2: Text<Free> = "line2",
        house_number: Text<Free> = "houseNumber",
        post_code: Text<Free> = "postCode",
        city: Text<Name> = "city",
        region: OpaqueObject<Region> = "region",
        country_code2: Text<CountryCode> = "countryCode2",
        country_id: SafeInteger = "countryId",
        position: SafeInteger = "position",
        read_only: bool = "readOnly",
    }

    /// A region of a country, as the ERP knows it; stored as received.
    opaque Region {
        "code": Text<Free>,
        "id": SafeInteger,
        "name": Text<Name>,
        "taxMode": Text<Free>,
    }
}
