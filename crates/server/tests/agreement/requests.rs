//! Requests about the same few keys and contacts, with every option.

use contacts_domain::Timestamp;
use contacts_domain::contact::ContactType;
use contacts_domain::ledger::Origin;
use contacts_domain::upsert::{
    Arrays, Atomicity, Context, Documents, Endpoints, Handling, Item, Key, Ladder, Mode,
    OnAmbiguous, OnRepeat, Options, Respelling,
};
use contacts_testing::{context, now};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// The organization of most requests, and the other.
pub(crate) const HERE: i32 = 1;
pub(crate) const ELSEWHERE: i32 = 2;

/// A request, its caller and its API.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    organization: i32,
    endpoints: Endpoints,
    handling: Handling,
    may_write_staff: bool,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Batch { options: Options, items: Vec<Wish> },
    Merge { target: i64, source: i64 },
}

/// The parts of an item.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    members: Map<String, Value>,
    intent: Intent,
    ladder: Option<Ladder>,
}

#[derive(Debug, Clone, Copy)]
enum Intent {
    Upsert,
    /// As an API that creates contacts of type ENDPOINT.
    OfType,
    UpdateEntry,
    Unlink,
    Delete,
}

impl Request {
    /// The context of the request of that number, each a second after the one before.
    pub(crate) fn context(&self, number: usize) -> Context {
        let seconds = i64::try_from(number).unwrap();
        Context {
            now: Timestamp::from_micros(now().micros() + seconds * 1_000_000),
            endpoints: self.endpoints,
            handling: self.handling,
            origin: Origin::default(),
            may_write_staff: self.may_write_staff,
            ..context(self.organization)
        }
    }

    /// Whether the request may be split without another outcome.
    pub(crate) fn may_be_cut(&self) -> bool {
        match &self.what {
            What::Merge { .. } => false,
            What::Batch { options, items } => {
                let options = (options.on_repeat, options.atomicity, options.dry_run);
                options == (OnRepeat::Merge, Atomicity::Item, false)
                    && !items.iter().any(Wish::has_links)
            }
        }
    }
}

impl Wish {
    /// Whether it has relations to what other items of the batch may make.
    fn has_links(&self) -> bool {
        let lists = self.members.values().filter_map(Value::as_array);
        lists.flatten().any(|element| element.get("externalId").is_some())
    }

    /// The item for that context.
    pub(crate) fn read(&self, context: &Context) -> Item {
        let json = json!(self.members).to_string();
        let item = Item::read_linked(&json, context);
        let item = match self.intent {
            Intent::Upsert => item,
            // The device API cannot read it, so it is of another kind.
            Intent::OfType => match serde_json::from_str(&json) {
                Ok(document) => Item::of_type(ContactType::Endpoint, document, context),
                Err(_) => item,
            },
            Intent::UpdateEntry => item.to_update_entry(),
            Intent::Unlink => item.to_unlink(),
            Intent::Delete => item.to_delete(),
        };
        match &self.ladder {
            Some(ladder) => item.matched_by(ladder.clone()),
            None => item,
        }
    }
}

/// A few requests in order; the first creates contacts for the others.
pub(crate) fn requests() -> impl Strategy<Value = Vec<Request>> {
    let what = prop_oneof![
        8 => (options(), prop::collection::vec(wish(), 0..12))
            .prop_map(|(options, items)| What::Batch { options, items }),
        2 => (1_i64..10, 1_i64..10).prop_map(|(target, source)| What::Merge { target, source }),
    ];
    let request = (
        prop_oneof![7 => Just(HERE), 1 => Just(ELSEWHERE)],
        select(vec![Endpoints::Hidden, Endpoints::Shown, Endpoints::Shown]),
        prop_oneof![5 => Just(Handling::Standard), 1 => Just(Handling::Strict)],
        any::<bool>(),
        what,
    );
    let request = request.prop_map(|(organization, endpoints, handling, may_write_staff, what)| {
        Request { organization, endpoints, handling, may_write_staff, what }
    });
    let first = prop::collection::vec(wish(), 6..12).prop_map(|items| Request {
        organization: HERE,
        endpoints: Endpoints::Shown,
        handling: Handling::Standard,
        may_write_staff: true,
        what: What::Batch { options: Options::default(), items },
    });
    (first, prop::collection::vec(request, 4..16))
        .prop_map(|(first, others)| std::iter::once(first).chain(others).collect())
}

fn options() -> impl Strategy<Value = Options> {
    (
        ladder(),
        select(vec![OnAmbiguous::Reject, OnAmbiguous::Oldest, OnAmbiguous::Next]),
        prop_oneof![6 => Just(Mode::Upsert), 1 => Just(Mode::Create), 1 => Just(Mode::Update), 1 => Just(Mode::Fill)],
        select(vec![
            OnRepeat::Merge,
            OnRepeat::Merge,
            OnRepeat::Merge,
            OnRepeat::First,
            OnRepeat::Last,
            OnRepeat::Reject,
        ]),
        select(vec![Arrays::Replace, Arrays::Append]),
        prop_oneof![5 => Just(Atomicity::Item), 1 => Just(Atomicity::Batch)],
        prop::bool::weighted(0.2),
        any::<[bool; 2]>(),
        select(vec![None, Some(Respelling::Take), Some(Respelling::Keep)]),
    )
        .prop_map(|options| {
            let (ladder, on_ambiguous, mode, on_repeat, arrays, atomicity, ..) = options;
            let (.., dry_run, [changes, explain], respelling) = options;
            Options {
                ladder,
                on_ambiguous,
                mode,
                on_repeat,
                arrays,
                atomicity,
                respelling,
                documents: Documents::default(),
                changes,
                explain,
                dry_run,
            }
        })
}

/// The default ladder, or any keys in any order.
fn ladder() -> impl Strategy<Value = Ladder> {
    prop_oneof![
        2 => Just(Ladder::default()),
        1 => prop::sample::subsequence(Key::ALL.to_vec(), 1..=Key::ALL.len())
            .prop_shuffle()
            .prop_map(Ladder::new),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![7 => any_wish(), 3 => door_wish()]
}

/// An item of an intercom: a link id or an id, and the block.
fn door_wish() -> impl Strategy<Value = Wish> {
    let key = prop_oneof![
        6 => member("linkId", 100, link_ids()),
        1 => member("id", 100, (1..14).map(Value::from).collect()),
    ];
    let intent = prop_oneof![
        8 => Just(Intent::OfType),
        2 => Just(Intent::UpdateEntry),
        2 => Just(Intent::Unlink),
    ];
    (key, member("intercom", 100, intercoms()), intent).prop_map(|(key, block, intent)| {
        let members = key.into_iter().chain(block).collect();
        Wish { members, intent, ladder: None }
    })
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let intent = prop_oneof![
        30 => Just(Intent::Upsert),
        2 => Just(Intent::OfType),
        1 => Just(Intent::UpdateEntry),
        1 => Just(Intent::Unlink),
        1 => Just(Intent::Delete),
    ];
    (keys(), contents(), intent, prop::option::weighted(0.1, ladder())).prop_map(
        |(keys, contents, intent, ladder)| {
            let members = keys.into_iter().chain(contents).collect();
            Wish { members, intent, ladder }
        },
    )
}

type Member = Option<(String, Value)>;

/// A member with one of these values, in that percentage of items.
fn member(name: &'static str, percent: u32, values: Vec<Value>) -> impl Strategy<Value = Member> {
    prop_oneof![
        100 - percent => Just(None),
        percent => select(values).prop_map(move |value| Some((name.to_owned(), value))),
    ]
}

/// The keys of a contact.
fn keys() -> impl Strategy<Value = Vec<(String, Value)>> {
    let ids = (1..14).map(Value::from).chain([json!(999), json!(0), Value::Null]);
    let external_ids = ["A", "B", "C", " A ", "a", ""].map(Value::from).into_iter();
    let emails =
        ["a@one.example", " A@One.Example", "b@one.example", "c@zürich.example", "no address", ""];
    let phones = ["+41 79 123 45 67", "079 123 45 67", "022 700 59 29", "12"];
    (
        member("id", 6, ids.collect()),
        member("linkId", 30, link_ids().into_iter().chain([Value::Null]).collect()),
        member("externalId", 70, external_ids.chain([Value::Null]).collect()),
        member("email", 40, emails.map(Value::from).into_iter().chain([Value::Null]).collect()),
        member("phone", 25, phones.map(Value::from).to_vec()),
        member("mobile", 25, phones.map(Value::from).into_iter().chain([Value::Null]).collect()),
        member("client", 20, vat_numbers()),
        member("supplier", 10, vat_numbers()),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            [a, b, c, d, e, f, g, h].into_iter().flatten().collect()
        })
}

fn link_ids() -> Vec<Value> {
    vec![
        json!("6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
        json!("6F9619FF-8B86-D011-B42D-00CF4FC964FF"),
        json!("00000000-0000-4000-8000-000000000001"),
        json!("00000000-0000-4000-8000-000000000002"),
    ]
}

fn vat_numbers() -> Vec<Value> {
    let numbers = ["CHE-123.456.788 MWST", "CHE123456788", "DE 123456788", ""];
    let blocks = numbers.map(|number| json!({ "vatNumber": number })).into_iter();
    blocks.chain([json!({}), Value::Null]).collect()
}

/// The other members of a contact.
fn contents() -> impl Strategy<Value = Vec<(String, Value)>> {
    let text = |texts: &[&str]| texts.iter().copied().map(Value::from).collect::<Vec<_>>();
    let types = ["PERSON"; 14].into_iter().chain(["ORGANIZATION", "ENDPOINT"]);
    let types = types.map(Value::from).collect();
    // One of them has a wrong type.
    let names =
        ["Abt", "Rochat", "Müller", "Favre", "Keller", "Blanc", "Frei", "Hug", "Gerber", "Meier"]
            .map(Value::from);
    let names = names.into_iter().chain([json!(7), Value::Null]).collect();
    let addresses = vec![
        json!([]),
        json!([{ "name": "Home" }]),
        json!([{ "name": "Home" }, { "name": "Work", "city": "Genève" }]),
        json!([{ "id": 2, "city": "Bern" }]),
        json!([{ "city": "Chur" }, { "id": 3 }]),
        Value::Null,
    ];
    let relations = vec![
        json!([1]),
        json!([2, 3]),
        json!([5, 999]),
        json!([1, 1]),
        json!([]),
        Value::Null,
        json!([{ "externalId": "A" }]),
        json!([{ "externalId": "C" }, 2]),
    ];
    (
        member("contactType", 95, types),
        member("lastName", 60, names),
        member("name", 15, text(&["Garage Favre", "Fiduciaire Blanc"])),
        member("addresses", 30, addresses),
        member("relatedContactIds", 12, relations.clone()),
        member("relatedOrganizationContactIds", 6, relations),
        member("intercom", 30, intercoms()),
        member(
            "tags",
            15,
            vec![json!([{ "name": "wein" }]), json!([{ "name": "Wein" }]), json!([{ "id": 4 }])],
        ),
        member("staff", 8, vec![json!({ "jobTitle": "Boss" }), json!({ "avsNumber": "756.1" })]),
        member("archived", 10, vec![json!(true), json!(false)]),
        member("birthday", 3, text(&["1987-03-14", "1991-11-30", "1987-02-30"])),
        member("ifVersion", 3, vec![json!(1), json!(2)]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i, j, k, l)| {
            [a, b, c, d, e, f, g, h, i, j, k, l].into_iter().flatten().collect()
        })
}

/// Blocks, of which most are valid: some alone, some only together with stored members.
fn intercoms() -> Vec<Value> {
    vec![
        json!({ "name": "Door", "type": "multi", "number": "0001-01-01" }),
        json!({ "name": "Gate", "type": "multi", "number": "0001-01-02", "isFavorite": true }),
        json!({ "name": "Zoé", "type": "regular", "number": "0001-01-04-12", "autoAnswer": true }),
        json!({ "name": "Door", "type": "p2p", "number": "sip:door@example.org" }),
        json!({ "number": "0001-01-03", "isFavorite": true }),
        json!({ "name": "Hall", "inBlackList": true }),
        json!({ "name": "Door", "type": "STATION", "number": "101" }),
        json!({ "name": null }),
        json!({}),
        Value::Null,
    ]
}
