//! The query of a list: page, order and filter.

use std::fmt::Display;

use contacts_application::directory::{EntryQuery, Filter, Order, OrderKey};
use contacts_domain::MAX_SAFE_INTEGER;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::filter;
use crate::device::faults::Faults;
use crate::problem::Problem;

/// The sizes of a page, in items.
const LIMITS: [u32; 5] = [10, 20, 30, 50, 100];

/// The default order.
const BY_ID: Order = Order { by: OrderKey::Id, descending: false };

/// The query of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListQuery {
    /// How many items a page has.
    pub(super) limit: u32,
    /// Which page, from 1.
    pub(super) page: u64,
    order: Order,
    filter: Option<Filter>,
}

/// The parameters of a list; of one that is given twice, the last counts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `ListQuery::read` reads")]
pub(super) struct ListParams {
    /// How many items a page has: 10, 20, 30, 50 or 100; another number is rounded down to one of
    /// these, and one below 10 counts as 10.
    #[param(inline, value_type = Option<Limit>, example = 20)]
    limit: Option<i64>,
    /// Which page.
    #[param(default = 1, minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    page_number: Option<i64>,
    /// `name`, `type`, `number` or `uid`, and then `asc` or `desc`; `asc` may be left out. Names
    /// are ordered as people sort them, by letters, then accents, then case, other text by its Unicode
    /// scalar values; items that are equal in it come lowest `uid` first.
    #[param(
        default = "uid asc",
        example = "name asc",
        pattern = r"^\s*(name|type|number|uid)(\s+(asc|desc))?\s*$"
    )]
    order_by: Option<String>,
    /// `FIELD eq|nq|gt|lt|ge|le VALUE`, combined by `and`, `or`, `not` and parentheses; `not` binds
    /// tightest, then `and`. A field is one of an item, or `uid`. A value is text in single quotes,
    /// in which two of them are one, `true` or `false`, or for `uid` a whole number. An item without
    /// `link_id` has an empty one. At most 100 conditions, nested at most 32 deep.
    #[param(example = "type eq 'multi' and not (is_favorite eq true or name lt 'M')")]
    filter: Option<String>,
}

/// Without a format: a number beyond 64 bits is rounded down as well.
struct Limit;

impl ToSchema for Limit {}

impl utoipa::PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).default(Some(LIMITS[0].into())).into()
    }
}

impl ListQuery {
    /// Reads the query of a request, and reports all malformed parameters. Unknown ones are ignored.
    pub(super) fn read(query: &str) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let list = Self {
            limit: parameter(query, "limit", limit, &mut faults).unwrap_or(LIMITS[0]),
            page: parameter(query, "page_number", page, &mut faults).unwrap_or(1),
            order: parameter(query, "order_by", order, &mut faults).unwrap_or(BY_ID),
            filter: parameter(query, "filter", filter::parse, &mut faults),
        };
        faults.require_none()?;
        Ok(list)
    }

    /// The query for the directory.
    pub(super) fn into_entries(self) -> EntryQuery {
        let Self { limit, page, order, filter } = self;
        let offset = page.saturating_sub(1).saturating_mul(u64::from(limit));
        EntryQuery { filter, order, offset, limit }
    }
}

/// The value of a parameter, if it is given and well-formed.
fn parameter<T, E: Display>(
    query: &str,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
    faults: &mut Faults,
) -> Option<T> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.filter(|(given, _)| given == name).last()?;
    read(&value).map_err(|reason| faults.note(name, reason)).ok()
}

fn limit(text: &str) -> Result<u32, &'static str> {
    let requested = whole(text).ok_or("must be a whole number")?;
    let fitting = LIMITS.into_iter().rev().find(|limit| i64::from(*limit) <= requested);
    Ok(fitting.unwrap_or(LIMITS[0]))
}

fn page(text: &str) -> Result<u64, String> {
    let page = whole(text).filter(|page| (1..=MAX_SAFE_INTEGER).contains(page));
    let page = page.and_then(|page| u64::try_from(page).ok());
    page.ok_or_else(|| format!("must be a whole number from 1 to {MAX_SAFE_INTEGER}"))
}

fn order(text: &str) -> Result<Order, &'static str> {
    let mut words = text.split_ascii_whitespace();
    let by = match words.next() {
        Some("name") => Some(OrderKey::Name),
        Some("type") => Some(OrderKey::Kind),
        Some("number") => Some(OrderKey::Number),
        Some("uid") => Some(OrderKey::Id),
        _ => None,
    };
    let descending = match words.next() {
        None | Some("asc") => Some(false),
        Some("desc") => Some(true),
        Some(_) => None,
    };
    match (by, descending, words.next()) {
        (Some(by), Some(descending), None) => Ok(Order { by, descending }),
        _ => Err("must be name, type, number or uid, and then asc or desc"),
    }
}

/// A whole number, clamped to 64 bits.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let nearest = if digits.len() < text.len() { i64::MIN } else { i64::MAX };
    is_whole.then(|| text.parse().unwrap_or(nearest))
}

#[cfg(test)]
mod tests {
    use contacts_application::directory::{Comparison, FlagField};

    use super::*;

    fn read(query: &str) -> ListQuery {
        ListQuery::read(query).unwrap()
    }

    #[test]
    fn default_is_the_first_page_of_ten_by_id() {
        let all = ListQuery { limit: 10, page: 1, order: BY_ID, filter: None };
        for query in ["", "&", "?", "cursor=x", "Limit=20", "limit[]=20"] {
            assert_eq!(read(query), all, "{query}");
        }
        let entries = EntryQuery { filter: None, order: BY_ID, offset: 0, limit: 10 };
        assert_eq!(all.into_entries(), entries);
    }

    #[test]
    fn limit_is_rounded_down_to_a_page_size() {
        for (text, limit) in [
            ("10", 10),
            ("19", 10),
            ("20", 20),
            ("29", 20),
            ("30", 30),
            ("49", 30),
            ("50", 50),
            ("99", 50),
            ("100", 100),
            ("101", 100),
            ("99999999999999999999", 100),
            ("9", 10),
            ("0", 10),
            ("-1", 10),
            ("-99999999999999999999", 10),
            ("0020", 20),
        ] {
            assert_eq!(read(&format!("limit={text}")).limit, limit, "{text}");
        }
    }

    #[test]
    fn pages_count_from_one() {
        for (query, offset) in [
            ("page_number=1", 0),
            ("page_number=2", 10),
            ("page_number=3&limit=50", 100),
            ("page_number=9007199254740991&limit=100", 900_719_925_474_099_000),
        ] {
            assert_eq!(read(query).into_entries().offset, offset, "{query}");
        }
    }

    #[test]
    fn order_is_a_field_and_a_direction() {
        for (text, by, descending) in [
            ("name+asc", OrderKey::Name, false),
            ("type%20desc", OrderKey::Kind, true),
            ("number", OrderKey::Number, false),
            ("+uid++desc+", OrderKey::Id, true),
        ] {
            let order = Order { by, descending };
            assert_eq!(read(&format!("order_by={text}")).order, order, "{text}");
        }
    }

    #[test]
    fn last_of_a_repeated_parameter_counts() {
        let query = read("limit=x&limit=50&filter=x&filter=is_p2p+eq+true");
        let filter = Filter::Flag(FlagField::IsP2p, Comparison::Equal, true);
        assert_eq!((query.limit, query.filter), (50, Some(filter)));
    }
}
