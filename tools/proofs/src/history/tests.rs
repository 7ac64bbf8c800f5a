//! Histories that cannot be true.

use std::time::{Duration, Instant};

use super::*;

/// A history under construction, and its clock.
struct Story {
    start: Instant,
    history: History,
}

fn item(key: u32, marker: u32) -> Item {
    Item::plain(Target::ExternalId(Key(key)), Marker { writer: 0, number: marker })
}

/// The answer that the contact of that key has that version, with the last name of that item.
fn stored(key: u32, version: u64, last_name: u32) -> Verdict {
    let state = State {
        external_id: Some(Key(key)),
        last_name: Some(Marker { writer: 0, number: last_name }),
        ..State::default()
    };
    Verdict::Stored(Stored { id: i64::from(key) + 100, version, state, fingerprint: version })
}

fn row(key: u32, version: u64, last_name: u32) -> Row {
    let Verdict::Stored(Stored { id, state, .. }) = stored(key, version, last_name) else {
        unreachable!()
    };
    Row { id, version, is_deleted: false, state }
}

impl Story {
    fn new() -> Self {
        Self { start: Instant::now(), history: History::default() }
    }

    /// Adds a batch that was sent and answered at these seconds.
    fn batch(&mut self, sent: u64, answered: u64, items: &[(Item, Verdict)]) -> &mut Delivery {
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
        self.history.check(0..keys, rows, Isolation::Serial).map_err(|error| error.to_string())
    }

    fn assert_found(&self, rows: &[Row], words: &str) {
        let found = self.check(rows).unwrap_err();
        assert!(found.contains(words), "{found}");
    }
}

#[test]
fn sound_history_has_a_summary() {
    let mut story = Story::new();
    let wrong = Item { kind: Kind::Wrong, ..item(0, 9) };
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 1, 2))]);
    story.batch(0, 2, &[(item(0, 3), stored(0, 2, 3)), (item(0, 3), stored(0, 2, 3))]);
    story.batch(2, 3, &[(wrong, Verdict::Refused("CONVERSION_ERROR".to_owned()))]);
    let summary = story.check(&[row(0, 2, 3), row(1, 1, 2)]).unwrap();
    let expected = Summary {
        batches: 3,
        items: 5,
        unchanged: 1,
        wrong: 1,
        highest_version: 2,
        contacts: 2,
        ..Summary::default()
    };
    assert_eq!(summary, expected);
}

#[test]
fn missing_acknowledged_contact_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
    story.assert_found(&[], "is not stored");
}

#[test]
fn missing_acknowledged_version_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(2, 3, &[(item(0, 2), stored(0, 2, 2))]);
    story.assert_found(&[row(0, 1, 1)], "stored version 1");
    story.assert_found(&[row(0, 2, 1)], "stored version 2");
}

#[test]
fn surplus_and_missing_contacts_are_found() {
    let story = Story::new();
    let twice = Row { id: 7, ..row(0, 1, 1) };
    story.assert_found(&[row(0, 1, 1), twice], "a second contact");
    story.assert_found(&[row(1, 1, 1)], "contact 101 is a second contact for");
    let found =
        story.history.check(0..2, &[row(0, 1, 1)], Isolation::Serial).unwrap_err().to_string();
    assert!(found.contains("1 of 2 contacts are missing: ERP-000001"), "{found}");
    let keyless = State { external_id: None, ..row(0, 1, 1).state };
    story.assert_found(&[Row { state: keyless, ..row(0, 1, 1) }], "has no external id");
    story.assert_found(&[Row { is_deleted: true, ..row(0, 1, 1) }], "was deleted");
}

#[test]
fn one_version_for_two_changes_is_found() {
    let mut story = Story::new();
    story.batch(0, 2, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 2, &[(item(0, 2), stored(0, 1, 2))]);
    story.assert_found(&[row(0, 1, 2)], "differ");
}

#[test]
fn missing_unchanged_item_is_found() {
    let mut story = Story::new();
    story.batch(0, 2, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 2, &[(item(0, 2), stored(0, 1, 1))]);
    story.assert_found(&[row(0, 1, 1)], "is not stored, but");
}

#[test]
fn change_of_an_older_version_is_found() {
    let mut story = Story::new();
    let named = Item { first_name: Change::Set(item(0, 2).marker), ..item(0, 2) };
    let Verdict::Stored(mut second) = stored(0, 2, 2) else { unreachable!() };
    second.state.first_name = Some(named.marker);
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 9, &[(named, Verdict::Stored(second))]);
    // Written on top of the first version: the first name is lost.
    story.batch(0, 9, &[(item(0, 3), stored(0, 3, 3))]);
    story.assert_found(&[row(0, 3, 3)], "does not follow from version 2");
}

#[test]
fn item_applied_to_another_contact_is_found() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    let Verdict::Stored(mut other) = stored(0, 2, 2) else { unreachable!() };
    other.state.external_id = Some(Key(1));
    story.batch(0, 9, &[(item(1, 2), Verdict::Stored(other))]);
    let end = Row { state: other.state, ..row(0, 2, 2) };
    let found = story.history.check(1..2, &[end], Isolation::Serial).unwrap_err().to_string();
    assert!(found.contains("found a contact with other keys"), "{found}");
}

#[test]
fn answer_older_than_an_earlier_one_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(2, 3, &[(item(0, 2), stored(0, 2, 2))]);
    story.batch(4, 5, &[(item(0, 1), stored(0, 1, 1))]);
    story.assert_found(&[row(0, 2, 2)], "was sent after this had been acknowledged");
}

#[test]
fn change_into_an_acknowledged_version_is_found() {
    let mut story = Story::new();
    story.batch(4, 5, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(2, 3, &[(item(0, 2), stored(0, 2, 2))]);
    story.assert_found(&[row(0, 2, 2)], "was sent after this had been acknowledged");
}

#[test]
fn version_without_a_maker_is_found() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 9, &[(item(0, 2), stored(0, 3, 2))]);
    story.assert_found(&[row(0, 3, 2)], "1 versions that no answer acknowledged");
    story.history.deliveries.pop();
    story.assert_found(&[row(0, 2, 7)], "1 versions that no answer acknowledged");
}

#[test]
fn batch_without_answer_explains_one_version_per_contact() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1))]);
    story.batch(0, 9, &[(item(0, 2), stored(0, 4, 2))]).doubts = 1;
    story.assert_found(&[row(0, 4, 2)], "2 versions that no answer acknowledged");
    story.history.deliveries[1].doubts = 2;
    assert_eq!(story.check(&[row(0, 4, 2)]).unwrap().doubtful, 1);
}

#[test]
fn batches_each_after_the_other_are_found() {
    let mut story = Story::new();
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 2, 2))]);
    story.batch(0, 9, &[(item(0, 3), stored(0, 2, 3)), (item(1, 4), stored(1, 1, 4))]);
    let rows = [row(0, 2, 3), row(1, 2, 2)];
    story.assert_found(&rows, "the first: batch 0 of writer 0, batch 1 of writer 0\n    [");
    assert!(story.history.check(0..2, &rows, Isolation::Snapshot).is_err());
}

#[test]
fn write_skew_is_found_unless_allowed() {
    let mut story = Story::new();
    let read = |key| Item { kind: Kind::Read, ..item(key, 7) };
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 1, 2))]);
    story.batch(2, 9, &[(item(0, 3), stored(0, 2, 3)), (read(1), stored(1, 1, 2))]);
    story.batch(2, 9, &[(read(0), stored(0, 1, 1)), (item(1, 6), stored(1, 2, 6))]);
    let rows = [row(0, 2, 3), row(1, 2, 6)];
    story.assert_found(&rows, "no order of the batches");
    assert!(story.history.check(0..2, &rows, Isolation::Snapshot).is_ok());
}

#[test]
fn batch_read_in_part_is_found() {
    let mut story = Story::new();
    story.batch(0, 1, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 1, 2))]);
    story.batch(2, 9, &[(item(0, 3), stored(0, 2, 3)), (item(1, 4), stored(1, 2, 4))]);
    let read = |key| Item { kind: Kind::Read, ..item(key, 5 + key) };
    story.batch(2, 9, &[(read(0), stored(0, 2, 3)), (read(1), stored(1, 1, 2))]);
    let rows = [row(0, 2, 3), row(1, 2, 4)];
    for isolation in [Isolation::Serial, Isolation::Snapshot] {
        assert!(story.history.check(0..2, &rows, isolation).is_err(), "{isolation:?}");
    }
}

#[test]
fn order_against_the_clock_is_found() {
    let mut story = Story::new();
    // The last met what the second made only later, and yet wrote what the first met.
    story.batch(0, 9, &[(item(0, 1), stored(0, 1, 1)), (item(1, 2), stored(1, 2, 2))]);
    story.batch(0, 1, &[(item(0, 3), stored(0, 2, 3))]);
    story.batch(2, 9, &[(item(1, 4), stored(1, 1, 4))]);
    story.assert_found(&[row(0, 2, 3), row(1, 2, 2)], "no order of the batches");
}

#[test]
fn id_given_twice_is_found() {
    let with_address = |key, address| {
        let changed = Item { sets_city: true, ..item(key, key) };
        let Verdict::Stored(mut stored) = stored(key, 1, key) else { unreachable!() };
        stored.state.city = Some(changed.marker);
        stored.state.address = Some(address);
        (changed, Verdict::Stored(stored), Row { state: stored.state, ..row(key, 1, key) })
    };
    for (addresses, words) in [([5, 5], "the id 5 was given twice"), ([5, 100], "the id 100")] {
        let mut story = Story::new();
        let [one, other] = [with_address(0, addresses[0]), with_address(1, addresses[1])];
        story.batch(0, 1, &[(one.0, one.1), (other.0, other.1)]);
        story.assert_found(&[one.2, other.2], words);
    }
}

#[test]
fn verdicts_follow_the_rules() {
    let refused = |code: &str| Verdict::Refused(code.to_owned());
    let wrong = Item { kind: Kind::Wrong, ..item(0, 2) };
    let exchange = Item { target: Target::Id(100), ..item(0, 2) };
    for (second, verdict, is_right) in [
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
        story.batch(0, 1, &[(second, verdict.clone())]);
        assert_eq!(story.check(&[row(0, 1, 1)]).is_ok(), is_right, "{verdict:?} for {second:?}");
    }
}
