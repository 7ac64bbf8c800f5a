//! Histories that cannot be true, each found.

use std::time::Duration;

use super::*;
use crate::item::Change;
use crate::reply::Stored;
use crate::state::State;

/// A history in the making: a world in which the items are applied as they should be, and a clock.
struct Story {
    start: Instant,
    history: History,
}

fn item(key: u32, marker: u32) -> Item {
    Item::plain(Target::ExternalId(Key(key)), Marker { writer: 0, number: marker })
}

/// The answer that the contact of that key is at that version, as the items of these markers made
/// it.
fn stored(key: u32, version: u64, last_name: u32) -> Said {
    let state = State {
        external_id: Some(Key(key)),
        last_name: Some(Marker { writer: 0, number: last_name }),
        ..State::default()
    };
    Said::Stored(Stored { id: i64::from(key) + 100, version, state, fingerprint: version })
}

fn row(key: u32, version: u64, last_name: u32) -> Row {
    let Said::Stored(Stored { id, state, .. }) = stored(key, version, last_name) else {
        unreachable!()
    };
    Row { id, version, is_deleted: false, state }
}

impl Story {
    fn new() -> Self {
        Self { start: Instant::now(), history: History::default() }
    }

    /// A batch that was sent and answered at these seconds.
    fn batch(&mut self, sent: u64, answered: u64, items: &[(Item, Said)]) -> &mut Delivery {
        let at = |seconds| self.start + Duration::from_secs(seconds);
        self.history.deliveries.push(Delivery {
            writer: 0,
            sent: at(sent),
            answered: at(answered),
            doubts: 0,
            items: items.to_vec(),
        });
        self.history.deliveries.last_mut().unwrap()
    }

    fn check(&self, rows: &[Row]) -> Result<Summary, String> {
        let keys = u32::try_from(rows.len()).unwrap();
        self.history.check(0..keys, rows, Isolation::Serial).map_err(|failure| failure.to_string())
    }

    fn assert_found(&self, rows: &[Row], words: &str) {
        let found = self.check(rows).unwrap_err();
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn a_sound_history_is_summed_up() {
    let mut story = Story::new();
    let wrong = Item { kind: Kind::Wrong, ..item(0, 9) };
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 1, 2))]);
    story.batch(0, 2, &[(item(0, 3), stored(0, 2, 3)), (item(0, 3), stored(0, 2, 3))]);
    story.batch(2, 3, &[(wrong, Said::Refused("CONVERSION_ERROR".to_owned()))]);
    let summary = story.check(&[row(0, 2, 3), row(1, 1, 2)]).unwrap();
    let expected = Summary {
        batches: 3,
        items: 5,
        unchanged: 1,
        wrong: 1,
        highest_version: 2,
        ..Summary::default()
    };
    assert_eq!(summary, expected);
}

#[test]
fn an_acknowledged_contact_that_is_not_there_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
    story.assert_found(&[], "is not there");
}

#[test]
fn an_acknowledged_version_that_is_not_there_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(2, 3, &[(item(0, 2), stored(0, 2, 2))]);
    story.assert_found(&[row(0, 1, 1)], "stored version 1");
    story.assert_found(&[row(0, 2, 1)], "stored version 2");
}

#[test]
fn a_contact_too_many_and_one_too_few_are_found() {
    let story = Story::new();
    let twice = Row { id: 7, ..row(0, 1, 1) };
    story.assert_found(&[row(0, 1, 1), twice], "one too many");
    story.assert_found(&[row(1, 1, 1)], "contact 101 is one too many");
    let found =
        story.history.check(0..2, &[row(0, 1, 1)], Isolation::Serial).unwrap_err().to_string();
    assert!(found.contains("1 of 2 contacts are missing: ERP-000001"), "{found}");
    let keyless = State { external_id: None, ..row(0, 1, 1).state };
    story.assert_found(&[Row { state: keyless, ..row(0, 1, 1) }], "has no external id");
    story.assert_found(&[Row { is_deleted: true, ..row(0, 1, 1) }], "was deleted");
}

#[test]
fn a_version_acknowledged_for_two_changes_is_found() {
    let mut story = Story::new();
    story.batch(0, 2, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 2, &[(item(0, 2), stored(0, 1, 2))]);
    story.assert_found(&[row(0, 1, 2)], "differ");
}

#[test]
fn a_change_that_was_said_to_be_there_and_is_not_is_found() {
    let mut story = Story::new();
    story.batch(0, 2, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 2, &[(item(0, 2), stored(0, 1, 1))]);
    story.assert_found(&[row(0, 1, 1)], "is not there, but");
}

#[test]
fn a_change_made_to_an_older_version_is_found() {
    let mut story = Story::new();
    let named = Item { first_name: Change::Set(item(0, 2).marker), ..item(0, 2) };
    let Said::Stored(mut second) = stored(0, 2, 2) else { unreachable!() };
    second.state.first_name = Some(named.marker);
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 9, &[(named, Said::Stored(second))]);
    // Written on top of the first version: the first name is lost.
    story.batch(0, 9, &[(item(0, 3), stored(0, 3, 3))]);
    story.assert_found(&[row(0, 3, 3)], "does not follow from version 2");
}

#[test]
fn an_item_applied_to_another_contact_is_found() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    let Said::Stored(mut other) = stored(0, 2, 2) else { unreachable!() };
    other.state.external_id = Some(Key(1));
    story.batch(0, 9, &[(item(1, 2), Said::Stored(other))]);
    let end = Row { state: other.state, ..row(0, 2, 2) };
    let found = story.history.check(1..2, &[end], Isolation::Serial).unwrap_err().to_string();
    assert!(found.contains("found a contact with other keys"), "{found}");
}

#[test]
fn an_answer_older_than_one_given_before_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(2, 3, &[(item(0, 2), stored(0, 2, 2))]);
    story.batch(4, 5, &[(item(0, 1), stored(0, 1, 1))]);
    story.assert_found(&[row(0, 2, 2)], "was sent after this had been acknowledged");
}

#[test]
fn a_change_into_a_version_acknowledged_before_is_found() {
    let mut story = Story::new();
    story.batch(4, 5, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(2, 3, &[(item(0, 2), stored(0, 2, 2))]);
    story.assert_found(&[row(0, 2, 2)], "was sent after this had been acknowledged");
}

#[test]
fn a_version_that_nobody_made_is_found() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 9, &[(item(0, 2), stored(0, 3, 2))]);
    story.assert_found(&[row(0, 3, 2)], "1 versions that nobody was told of");
    story.history.deliveries.pop();
    story.assert_found(&[row(0, 2, 7)], "1 versions that nobody was told of");
}

#[test]
fn a_batch_without_an_answer_may_have_made_one_version_of_each_contact() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 9, &[(item(0, 2), stored(0, 4, 2))]).doubts = 1;
    story.assert_found(&[row(0, 4, 2)], "2 versions that nobody was told of");
    story.history.deliveries[1].doubts = 2;
    assert_eq!(story.check(&[row(0, 4, 2)]).unwrap().doubtful, 1);
}

#[test]
fn batches_that_changed_after_each_other_are_found() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 2, 2))]);
    story.batch(0, 9, &[(item(0, 3), stored(0, 2, 3)), (item(1, 4), stored(1, 1, 4))]);
    let rows = [row(0, 2, 3), row(1, 2, 2)];
    story.assert_found(&rows, "before the first: batch 1 of writer 0, batch 0 of writer 0\n    [");
    assert!(story.history.check(0..2, &rows, Isolation::Snapshot).is_err());
}

#[test]
fn two_batches_that_each_found_what_the_other_changed_are_found_unless_that_is_allowed() {
    let mut story = Story::new();
    let look = |key| Item { kind: Kind::Look, ..item(key, 7) };
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 1, 2))]);
    story.batch(2, 9, &[(item(0, 3), stored(0, 2, 3)), (look(1), stored(1, 1, 2))]);
    story.batch(2, 9, &[(look(0), stored(0, 1, 1)), (item(1, 6), stored(1, 2, 6))]);
    let rows = [row(0, 2, 3), row(1, 2, 6)];
    story.assert_found(&rows, "no order of the batches");
    assert!(story.history.check(0..2, &rows, Isolation::Snapshot).is_ok());
}

#[test]
fn a_batch_that_found_half_of_another_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 1, 2))]);
    story.batch(2, 9, &[(item(0, 3), stored(0, 2, 3)), (item(1, 4), stored(1, 2, 4))]);
    let look = |key| Item { kind: Kind::Look, ..item(key, 5 + key) };
    story.batch(2, 9, &[(look(0), stored(0, 2, 3)), (look(1), stored(1, 1, 2))]);
    let rows = [row(0, 2, 3), row(1, 2, 4)];
    for isolation in [Isolation::Serial, Isolation::Snapshot] {
        assert!(story.history.check(0..2, &rows, isolation).is_err(), "{isolation:?}");
    }
}

#[test]
fn batches_in_another_order_than_that_of_the_clock_are_found() {
    let mut story = Story::new();
    // The last met what the second made only later, and yet wrote what the first met.
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 2, 2))]);
    story.batch(0, 1, &[(item(0, 3), stored(0, 2, 3))]);
    story.batch(2, 9, &[(item(1, 4), stored(1, 1, 4))]);
    story.assert_found(&[row(0, 2, 3), row(1, 2, 2)], "no order of the batches");
}

#[test]
fn an_id_given_twice_is_found() {
    let with_address = |key, address| {
        let changed = Item { sets_city: true, ..item(key, key) };
        let Said::Stored(mut stored) = stored(key, 1, key) else { unreachable!() };
        stored.state.city = Some(changed.marker);
        stored.state.address = Some(address);
        (changed, Said::Stored(stored), Row { state: stored.state, ..row(key, 1, key) })
    };
    for (addresses, words) in [([5, 5], "the id 5 was given twice"), ([5, 100], "the id 100")] {
        let mut story = Story::new();
        let [one, other] = [with_address(0, addresses[0]), with_address(1, addresses[1])];
        story.batch(0, 1, &[(one.0, one.1), (other.0, other.1)]);
        story.assert_found(&[one.2, other.2], words);
    }
}

#[test]
fn verdicts_are_those_that_the_rules_name() {
    let refused = |code: &str| Said::Refused(code.to_owned());
    let wrong = Item { kind: Kind::Wrong, ..item(0, 2) };
    let exchange = Item { target: Target::Id(100), ..item(0, 2) };
    for (second, said, is_right) in [
        (item(0, 2), refused("UNIQUE_CONSTRAINT_VIOLATION"), true),
        (exchange, refused("UNIQUE_CONSTRAINT_VIOLATION"), false),
        (item(0, 2), refused("UNIQUE_VIOLATION"), false),
        (item(0, 2), refused("DUPLICATION_ERROR"), false),
        (wrong, refused("CONVERSION_ERROR"), true),
        (wrong, refused("VALIDATION_ERROR"), false),
        (wrong, stored(0, 2, 2), false),
    ] {
        let mut story = Story::new();
        story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
        story.batch(0, 1, &[(second, said.clone())]);
        assert_eq!(story.check(&[row(0, 1, 1)]).is_ok(), is_right, "{said:?} for {second:?}");
    }
}
