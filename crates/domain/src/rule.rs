//! The rules by name: the code, the severity and the sentence of each.
//!
//! What a rule is stands here, on the ground floor, where everything can name it. The functions
//! that check the rules stand in typed tables under [`contact::rules`](crate::contact::rules).

use std::fmt;

/// Whether a violation refuses its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The item is stored, the violation reported.
    Warning,
    /// The item is refused.
    Error,
}

/// Where a rule is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// While the item is read.
    Reading,
    /// While the item is matched with stored contacts.
    Matching,
    /// While parts of the item are merged with parts of the contact.
    Merging,
    /// On each text of a kind that names the rule.
    Text,
    /// On each decimal number.
    Amount,
    /// On each value.
    Value,
    /// On the whole contact.
    Contact,
    /// On what the store holds of other contacts.
    LookUp,
}

impl Stage {
    /// The stage as `docs/rules.md` names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading the item",
            Self::Matching => "matching",
            Self::Merging => "merging",
            Self::Text => "in a text",
            Self::Amount => "in an amount",
            Self::Value => "in a value",
            Self::Contact => "in the whole contact",
            Self::LookUp => "by a look-up",
        }
    }
}

macro_rules! rules {
    ($($rule:ident = $name:literal, $code:ident, $severity:ident, $stage:ident $(, $always:ident)?;
        $about:literal;)+) => {
        /// A rule, in the order in which violations are reported.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $about] $rule,)+
        }

        impl Rule {
            /// Every rule, in the order in which violations are reported.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// What the rule is called in `docs/rules.md`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)+ }
            }

            /// The name as an anchor in `docs/rules.md`.
            pub fn anchor(self) -> String {
                self.name().to_lowercase().replace(' ', "-")
            }

            /// The code that APIs report.
            pub fn code(self) -> Code {
                match self { $(Self::$rule => Code::$code,)+ }
            }

            /// Whether a violation refuses the item.
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)+ }
            }

            /// Whether it stays a warning under `handling=strict`.
            pub fn is_always_warning(self) -> bool {
                match self { $(Self::$rule => rules!(@always $($always)?),)+ }
            }

            /// What holds, in one sentence.
            pub fn about(self) -> &'static str {
                match self { $(Self::$rule => $about,)+ }
            }

            /// Where the rule is checked.
            pub fn stage(self) -> Stage {
                match self { $(Self::$rule => Stage::$stage,)+ }
            }
        }
    };
    (@always always_warning) => { true };
    (@always) => { false };
}

rules! {
    // 1. The item as a whole: alone.
    Content = "content", ContentEmpty, Error, Reading;
        "An item is not null and not empty.";
    Readable = "readable", ConversionError, Error, Value;
        "An item is a JSON object without lone surrogates, nested at most 16 deep.";

    // 2. JSON types: all of them, and nothing further.
    JsonTypes = "json types", ConversionError, Error, Reading;
        "Every member has the JSON type of its field; whole numbers lie within ±(2^53 − 1).";

    // 3. Identity: the first, alone.
    Matchable = "matchable", InvalidType, Error, Matching;
        "A key of the item's own `$.matchBy` is one that the organization matches by.";
    Exists = "found", ContactNotFound, Error, Matching;
        "An `id` names a living contact of the organization; so does some key in mode `update`.";
    KeysAgree = "keys agree", UniqueViolation, Error, Matching;
        "`id`, `contactId`, `linkId` and `externalId` of one item name one contact, and no key is \
         taken by another.";
    SameOrganization = "same organization", ActionDenied, Error, Matching;
        "An item's `organizationId` is that of the request.";
    TypeStays = "type stays", InvalidType, Error, Matching;
        "`contactType` is set once, and is one that the API knows.";
    TwoContacts = "two contacts", ValidationError, Error, Matching;
        "A merge names two different contacts.";
    NotThereYet = "not there yet", DuplicationError, Error, Matching;
        "In mode `create`, no key of the item is taken.";
    Unambiguous = "unambiguous", DuplicationError, Error, Matching;
        "A shared key (`email`, `phone`, `vatNumber`) that the request matches by leads to one \
         contact.";
    Repeats = "repeats", DuplicationError, Error, Matching;
        "Where the request asks for it, a contact is named by one item only; a `$.ref` is that of one \
         item.";
    Current = "current", ValidationError, Error, Matching;
        "An item that changes something and names a version (`ifVersion`) names the current one.";
    Planned = "planned", ValidationError, Error, Matching;
        "An item of a plan does what was planned, or nothing.";
    StoredReadable = "stored contact is readable", ValidationError, Error, Matching;
        "The stored contact that an item would change can be read by this release.";
    Together = "together", ActionDenied, Error, Matching;
        "With `atomicity=batch`, an item is stored only if no item is refused.";

    // 4. The contact: all of them.
    ContactType = "contact type", FieldRequired, Error, Contact;
        "A new contact has a `contactType`.";
    Named = "named", FieldRequired, Warning, Contact;
        "A contact has a name: `name` (organization), `firstName` or `lastName` (person), \
         `intercom.name` (endpoint).";
    Date = "date", ConversionError, Error, Text;
        "A date is `YYYY-MM-DD` or RFC 3339, and exists in the calendar. One with white space around it, \
         in ISO 8601 basic form, or with a time in another form is read as the day written there, and \
         `0000-00-00` is stored as null, with a warning.";
    Amount = "amount", ConversionError, Error, Amount;
        "An amount is a decimal number of at most 28 significant digits, as text or as a JSON \
         number.";
    ClosedList = "closed list", InvalidType, Error, Text;
        "A value of a closed list is on it. One in another case or with white space around it is \
         stored as meant, with a warning.";
    OpenList = "open list", InvalidType, Error, Text;
        "A value of an open list matches `^[A-Z][A-Z0-9_]*$`. One in another case or with white \
         space around it is stored as meant, with a warning.";
    Email = "e-mail", ValidationError, Error, Text;
        "An e-mail field holds one address (RFC 5321, RFC 6531) of at most 254 octets: a dot-atom or \
         quoted local part, and a domain of at least two labels, the last not all digits.";
    KeyName = "key name", ValidationError, Error, Reading;
        "No member of the item itself is `id`, `contactId`, `linkId` or `externalId` but for case, `_`, \
         `-`, white space or invisible characters.";
    Keyed = "keyed", FieldRequired, Warning, Matching, always_warning;
        "An item has a key of the ladder; without one it makes another contact each time it is sent.";
    KeyReplaced = "key replaced", UniqueViolation, Warning, Contact, always_warning;
        "An item that names its contact by another key does not replace the contact's `externalId`.";
    Invisible = "invisible characters", ValidationError, Warning, Value;
        "Keys, names and texts with a rule hold no invisible characters (Unicode categories Cc, Cf, \
         Zl, Zp), but for ZWJ and ZWNJ between letters and emoji. Such a text is read without them.";
    CountryCode = "country code", ValidationError, Error, Text;
        "`countryCode2` is an ISO 3166-1 alpha-2 code, or XK. One in another case or with white space \
         around it is stored as meant, with a warning, and so are UK as GB and EL as GR.";
    BankCustomerNumber = "bank customer number", ValidationError, Error, Text;
        "`bankCustomerNumber` matches `^([1-9][0-9]*)*$`.";
    Range = "range", ValidationError, Error, Amount;
        "A percentage lies within 0 and 100; limits, rates and days are not negative.";
    DateOrder = "date order", ValidationError, Error, Contact;
        "A start is not after its end.";
    Birth = "birth", ValidationError, Error, Contact;
        "A birth is not after today.";
    NoStaffBlock = "no staff block", InvalidType, Error, Contact;
        "An organization has no `staff`.";
    RolesAgree = "roles agree", InvalidType, Warning, Contact;
        "`client`, `supplier` and `staff` go with `isCustomer`, `isVendor` and `isStaff`.";
    InUse = "in use", InUse, Error, Contact;
        "An address or bank that the item removes is not referred to by the contact.";
    OwnParts = "own parts", NotFound, Error, Contact;
        "`invoiceAddressId`, `orderAddressId` and `payableToBankId` name an address or bank of \
         the contact.";
    OwnIds = "own ids", NotFound, Error, Merging;
        "The `id` of an element or block is one that this contact owns, each named once.";
    TagsKnown = "tags known", NotFound, Error, Merging;
        "A tag is named; an `id` alone is that of a tag which the contact has.";
    RelationsExist = "relations exist", NotFound, Error, LookUp;
        "Contacts that the item adds to `relatedContactIds` or `relatedOrganizationContactIds` \
         exist in the organization, or are those of items of the batch that are stored.";
    Scopes = "scopes", ActionDenied, Error, Contact;
        "The caller's scopes cover each block of the item: `staff` is salary data.";
    Limits = "limits", ValidationError, Error, Value;
        "Texts (in characters of their NFC form), arrays, objects, numbers and documents keep their \
         limits, and no text holds NUL.";
    LinkId = "link id", ValidationError, Error, Text;
        "`linkId` is a UUID (RFC 9562) in hyphenated form, and not nil.";
    IntercomRequired = "intercom fields", FieldRequired, Error, Contact;
        "An intercom entry has a `name`, a `type` and a `number`.";
    IntercomName = "intercom name", ValidationError, Error, Text;
        "An intercom name has 1 to 30 characters in NFC, at least one of them visible, and no control \
         characters.";
    IntercomNumber = "intercom number", ValidationError, Error, Contact;
        "An intercom number is an internal address of its type, or a SIP URI; `p2p` takes a SIP \
         URI only.";
    IntercomFlags = "intercom flags", ValidationError, Error, Contact;
        "`autoAnswer` and `inBlackList` are not both true.";
    IntercomRingtone = "ringtone", ValidationError, Error, Text;
        "A ringtone is a file name without a path.";
    Phone = "phone", ValidationError, Warning, Text;
        "A phone number is valid (E.164); without its country, in the one country that the addresses \
         of the contact name, else in that of the organization, and not in both as two numbers.";
    PhoneStays = "phone stays", ValidationError, Warning, Contact;
        "A phone number that an item does not send stays the same when the addresses move to another \
         country.";
    WebSite = "web site", ValidationError, Warning, Text;
        "`webSite` is a URL or a host name.";
    Iban = "IBAN", ValidationError, Warning, Text;
        "An `accountNumber` that looks like an IBAN is one (ISO 13616).";
    QrIban = "QR-IBAN", ValidationError, Warning, Text;
        "`qrIban` is a Swiss or Liechtenstein IBAN whose institution number is 30000–31999.";
    Bic = "BIC", ValidationError, Warning, Text;
        "`swiftBic` has the shape of a BIC (ISO 9362:2022) and an ISO country. One in lower case or \
         with white space is read without regard to that.";
    VatNumber = "VAT number", ValidationError, Warning, Text;
        "A VAT number that starts with CHE is a Swiss UID; one of an EU country has its shape.";
    AvsNumber = "AVS number", ValidationError, Warning, Text;
        "`avsNumber` has 13 digits, starts with 756 and ends in its EAN-13 check digit.";
    IsrCustomerNumber = "ISR customer number", ValidationError, Warning, Text;
        "`isrCustomerNumber` has 9 digits and ends in its recursive modulo 10 check digit.";
    PartsNamed = "parts named", FieldRequired, Warning, Contact;
        "Each address and each bank has a `name`.";
    Expiry = "expiry", ValidationError, Warning, Contact;
        "Documents and permits expire after the employment starts.";
    Duplicate = "duplicate", DuplicationError, Warning, LookUp, always_warning;
        "A new contact does not have the e-mail address of another, where the organization matches by \
         `email`.";
    UnknownMember = "unknown member", ValidationError, Warning, Reading;
        "Every member is known; those inside objects stored as received may be any.";

    // 5. Storage.
    LostRace = "lost race", UniqueConstraintViolation, Error, Matching;
        "No other request took the same key at the same time, also after retries.";
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// The closed list of codes that APIs report: the eighteen of the ERP contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the contract's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is written on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// Nothing is wrong.
    NoError = "NO_ERROR",
    /// Asked for something that is not built.
    NotImplementedYet = "NOT_IMPLEMENTED_YET",
    /// No such contact.
    ContactNotFound = "CONTACT_NOT_FOUND",
    /// A required member is missing.
    FieldRequired = "FIELD_REQUIRED",
    /// A value breaks its rule.
    ValidationError = "VALIDATION_ERROR",
    /// The contact seems to exist already, or several match.
    DuplicationError = "DUPLICATION_ERROR",
    /// A race for a unique key was lost.
    UniqueConstraintViolation = "UNIQUE_CONSTRAINT_VIOLATION",
    /// Unused by contacts.
    WrongPasswordFormat = "WRONG_PASSWORD_FORMAT",
    /// Unused by contacts.
    WrongPassword = "WRONG_PASSWORD",
    /// The caller may not do this.
    ActionDenied = "ACTION_DENIED",
    /// Something referred to does not exist.
    NotFound = "NOT_FOUND",
    /// Unused by contacts.
    ExpectedOneFile = "EXPECTED_ONE_FILE",
    /// A unique key belongs to another contact.
    UniqueViolation = "UNIQUE_VIOLATION",
    /// The item is empty.
    ContentEmpty = "CONTENT_EMPTY",
    /// A value of a closed list is not on it, or a type cannot change.
    InvalidType = "INVALID_TYPE",
    /// A value cannot be read as what it should be.
    ConversionError = "CONVERSION_ERROR",
    /// Unused by contacts.
    FileParseException = "FILE_PARSE_EXCEPTION",
    /// Something to be removed is still referred to.
    InUse = "IN_USE",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
