//! The rows.

use super::{Check, Rule, amounts, intercom, limits, lookups, texts, whole};
use crate::violation::Code;
use crate::violation::Severity::{Error, Warning};

macro_rules! rules {
    ($($id:ident = $name:literal, $code:ident, $severity:ident $(, $always:ident)?;
        $about:literal; $check:expr;)+) => {
        $(
            #[doc = $about]
            pub static $id: Rule = Rule {
                name: $name,
                code: Code::$code,
                severity: $severity,
                lenient_always: rules!(@always $($always)?),
                about: $about,
                check: $check,
            };
        )+

        /// Every rule, in the order in which violations are reported.
        pub static RULES: &[&Rule] = &[$(&$id),+];
    };
    (@always lenient_always) => { true };
    (@always) => { false };
}

rules! {
    // 1. The item as a whole: alone.
    CONTENT = "content", ContentEmpty, Error;
        "An item is not null and not empty.";
        Check::Reading;
    READABLE = "readable", ConversionError, Error;
        "An item is a JSON object without lone surrogates, nested at most 16 deep.";
        Check::Leaf(limits::nesting);

    // 2. JSON types: all of them, and nothing further.
    JSON_TYPES = "json types", ConversionError, Error;
        "Every member has the JSON type of its field; whole numbers lie within ±(2^53 − 1).";
        Check::Reading;

    // 3. Identity: the first, alone.
    FOUND = "found", ContactNotFound, Error;
        "An `id` names a living contact of the organization; so does some key in mode `update`.";
        Check::Matching;
    KEYS_AGREE = "keys agree", UniqueViolation, Error;
        "`id`, `contactId`, `linkId` and `externalId` of one item name one contact, and no key is \
         taken by another.";
        Check::Matching;
    SAME_ORGANIZATION = "same organization", ActionDenied, Error;
        "An item's `organizationId` is that of the request.";
        Check::Matching;
    TYPE_STAYS = "type stays", InvalidType, Error;
        "`contactType` is set once, and is one that the front door knows.";
        Check::Matching;
    TWO_CONTACTS = "two contacts", ValidationError, Error;
        "A merge names two different contacts.";
        Check::Matching;
    NOT_THERE_YET = "not there yet", DuplicationError, Error;
        "In mode `create`, no key of the item is taken.";
        Check::Matching;
    UNAMBIGUOUS = "unambiguous", DuplicationError, Error;
        "A shared key (`email`, `phone`, `vatNumber`) that the request matches by leads to one \
         contact.";
        Check::Matching;
    REPEATS = "repeats", DuplicationError, Error;
        "Where the request asks for it, a contact is named by one item only.";
        Check::Matching;
    CURRENT = "current", ValidationError, Error;
        "An item that changes something and names a version (`ifVersion`) names the current one.";
        Check::Matching;
    STORED_READABLE = "stored contact is readable", ValidationError, Error;
        "The stored contact that an item would change can be read by this release.";
        Check::Matching;
    TOGETHER = "together", ActionDenied, Error;
        "With `atomicity=batch`, an item is stored only if no item is refused.";
        Check::Matching;

    // 4. The contact: all of them.
    CONTACT_TYPE = "contact type", FieldRequired, Error;
        "A new contact has a `contactType`.";
        Check::Contact(whole::contact_type);
    NAMED = "named", FieldRequired, Warning;
        "A contact has a name: `name` (organization), `firstName` or `lastName` (person), \
         `intercom.name` (endpoint).";
        Check::Contact(whole::named);
    DATE = "date", ConversionError, Error;
        "A date is `YYYY-MM-DD` or RFC 3339, and exists in the calendar.";
        Check::Text(texts::date);
    AMOUNT = "amount", ConversionError, Error;
        "An amount is a decimal number of at most 28 significant digits, as text or as a JSON \
         number.";
        Check::Amount(amounts::decimal);
    CLOSED_LIST = "closed list", InvalidType, Error;
        "A value of a closed list is on it.";
        Check::Text(texts::closed_list);
    OPEN_LIST = "open list", InvalidType, Error;
        "A value of an open list matches `^[A-Z][A-Z0-9_]*$`.";
        Check::Text(texts::open_list);
    EMAIL = "e-mail", ValidationError, Error;
        "An e-mail field holds one address (RFC 5321): a dot-atom or quoted local part, and a \
         domain of at least two labels.";
        Check::Text(texts::email);
    COUNTRY_CODE = "country code", ValidationError, Error;
        "`countryCode2` is an ISO 3166-1 alpha-2 code, or XK.";
        Check::Text(texts::country_code);
    BANK_CUSTOMER_NUMBER = "bank customer number", ValidationError, Error;
        "`bankCustomerNumber` matches `^([1-9][0-9]*)*$`.";
        Check::Text(texts::bank_customer_number);
    RANGE = "range", ValidationError, Error;
        "A percentage lies within 0 and 100; limits, rates and days are not negative.";
        Check::Amount(amounts::range);
    DATE_ORDER = "date order", ValidationError, Error;
        "A start is not after its end, and a birth not after today.";
        Check::Contact(whole::date_order);
    NO_STAFF_BLOCK = "no staff block", InvalidType, Error;
        "An organization has no `staff`.";
        Check::Contact(whole::no_staff_block);
    ROLES_AGREE = "roles agree", InvalidType, Warning;
        "`client`, `supplier` and `staff` go with `isCustomer`, `isVendor` and `isStaff`.";
        Check::Contact(whole::roles_agree);
    IN_USE = "in use", InUse, Error;
        "An address or bank that the item removes is not referred to by the contact.";
        Check::Contact(whole::in_use);
    OWN_PARTS = "own parts", NotFound, Error;
        "`invoiceAddressId`, `orderAddressId` and `payableToBankId` name an address or bank of \
         the contact.";
        Check::Contact(whole::own_parts);
    OWN_IDS = "own ids", NotFound, Error;
        "The `id` of an element or block is one that this contact owns, each named once.";
        Check::Patch;
    TAGS_KNOWN = "tags known", NotFound, Error;
        "A tag is named; an `id` alone is that of a tag which the contact has.";
        Check::Patch;
    RELATIONS_EXIST = "relations exist", NotFound, Error;
        "Contacts that the item adds to `relatedContactIds` or `relatedOrganizationContactIds` \
         exist in the organization.";
        Check::Lookup(lookups::relations_exist);
    SCOPES = "scopes", ActionDenied, Error;
        "The caller's scopes cover each block of the item: `staff` is salary data.";
        Check::Contact(whole::scopes);
    LIMITS = "limits", ValidationError, Error;
        "Texts, arrays and documents keep their limits, and no text holds NUL.";
        Check::Leaf(limits::size);
    LINK_ID = "link id", ValidationError, Error;
        "`linkId` is a UUID (RFC 9562) in hyphenated form, and not nil.";
        Check::Text(texts::link_id);
    INTERCOM_REQUIRED = "intercom fields", FieldRequired, Error;
        "An intercom entry has a `name`, a `type` and a `number`.";
        Check::Contact(intercom::required);
    INTERCOM_NAME = "intercom name", ValidationError, Error;
        "An intercom name has 1 to 30 characters and is not blank.";
        Check::Text(intercom::name);
    INTERCOM_NUMBER = "intercom number", ValidationError, Error;
        "An intercom number is an internal address of its type, or a SIP URI; `p2p` takes a SIP \
         URI only.";
        Check::Contact(intercom::number);
    INTERCOM_FLAGS = "intercom flags", ValidationError, Error;
        "`autoAnswer` and `inBlackList` are not both true.";
        Check::Contact(intercom::flags);
    INTERCOM_RINGTONE = "ringtone", ValidationError, Error;
        "A ringtone is a file name without a path.";
        Check::Text(intercom::ringtone);
    PHONE = "phone", ValidationError, Warning;
        "A phone number is valid (E.164), for the organization's region where it has no country \
         code.";
        Check::Text(texts::phone);
    WEB_SITE = "web site", ValidationError, Warning;
        "`webSite` is a URL or a host name.";
        Check::Text(texts::web_site);
    IBAN = "IBAN", ValidationError, Warning;
        "An `accountNumber` that looks like an IBAN is one (ISO 13616).";
        Check::Text(texts::account_number);
    QR_IBAN = "QR-IBAN", ValidationError, Warning;
        "`qrIban` is a Swiss or Liechtenstein IBAN whose institution number is 30000–31999.";
        Check::Text(texts::qr_iban);
    BIC = "BIC", ValidationError, Warning;
        "`swiftBic` has the shape of a BIC (ISO 9362) and an ISO country.";
        Check::Text(texts::bic);
    VAT_NUMBER = "VAT number", ValidationError, Warning;
        "A VAT number that starts with CHE is a Swiss UID; one of an EU country has its shape.";
        Check::Text(texts::vat_number);
    AVS_NUMBER = "AVS number", ValidationError, Warning;
        "`avsNumber` has 13 digits, starts with 756 and ends in its EAN-13 check digit.";
        Check::Text(texts::avs_number);
    ISR_CUSTOMER_NUMBER = "ISR customer number", ValidationError, Warning;
        "`isrCustomerNumber` has 9 digits and ends in its recursive modulo 10 check digit.";
        Check::Text(texts::isr_customer_number);
    PARTS_NAMED = "parts named", FieldRequired, Warning;
        "Each address and each bank has a `name`.";
        Check::Contact(whole::parts_named);
    EXPIRY = "expiry", ValidationError, Warning;
        "Documents and permits expire after the employment starts.";
        Check::Contact(whole::expiry);
    DUPLICATE = "duplicate", DuplicationError, Warning, lenient_always;
        "A new contact does not have the e-mail address of another.";
        Check::Lookup(lookups::duplicate);
    UNKNOWN_MEMBER = "unknown member", ValidationError, Warning;
        "Every member is known; those inside objects stored as received may be any.";
        Check::Reading;

    // 5. Storage.
    LOST_RACE = "lost race", UniqueConstraintViolation, Error;
        "No other request took the same key at the same time, also after retries.";
        Check::Matching;
}
