//! Postal addresses.

use crate::contact::kinds::{Free, Name};
use crate::tree::{ElementId, OpaqueObject, SafeInteger, Text, tree};
use crate::value::CountryCode;

tree! {
    /// A postal address of the contact.
    block Address by [name] {
        /// The id of the address.
        id: ElementId = "id",
        /// What the address is for, such as Home or Invoices.
        name: Text<Name> = "name",
        /// The person that the letter is for.
        to_the_attention_of: Text<Free> = "toTheAttentionOf",
        /// The department that the letter is for.
        service: Text<Free> = "service",
        /// The first line, usually the street.
        line1: Text<Free> = "line1",
        /// The second line, such as a post box or a floor.
        line2: Text<Free> = "line2",
        /// The number of the house.
        house_number: Text<Free> = "houseNumber",
        /// The post code.
        post_code: Text<Free> = "postCode",
        /// The town.
        city: Text<Name> = "city",
        /// The canton, state or province.
        region: OpaqueObject<Region> = "region",
        /// The country (ISO 3166-1 alpha-2, or XK).
        country_code2: Text<CountryCode> = "countryCode2",
        /// The id of the country in the ERP.
        country_id: SafeInteger = "countryId",
        /// The place of the address in lists of the ERP.
        position: SafeInteger = "position",
        /// Whether users of the ERP may not change the address.
        read_only: bool = "readOnly",
    }

    /// A region of a country, as the ERP knows it; stored as received.
    opaque Region {
        /// The code of the region, such as GE.
        "code": Text<Free>,
        /// The id of the region in the ERP.
        "id": SafeInteger,
        /// The name of the region.
        "name": Text<Name>,
        /// How the region taxes.
        "taxMode": Text<Free>,
    }
}
