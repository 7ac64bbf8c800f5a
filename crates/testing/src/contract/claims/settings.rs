//! Settings of organizations: changing them, and filling the keys that they ask for.

use std::sync::Arc;

use contacts_application::access::{Filling, Organization, SettingsChange};
use contacts_application::ports::{FillingStep, StoreErrorKind};
use contacts_application::use_cases::FillKeys;
use contacts_domain::auditing::Repair;
use contacts_domain::contact::Record;
use contacts_domain::merging::Merge;
use contacts_domain::upsert::{Context, Key, Ladder, Options, Verdict};
use contacts_domain::value::CountryCode;
use contacts_domain::{ContactId, MatchBy, Respelling, Settings};
use serde_json::json;

use crate::contract::claim::{Claim, claims};
use crate::contract::fixture::StoreFixture;
use crate::contract::fixture::{id_of, person, record_of};
use crate::{batch, organization};

pub(crate) const CLAIMS: &[Claim] = claims![
    changed_organization_is_stored,
    unknown_organization_is_not_changed,
    organizations_are_listed_by_id,
    keys_are_emptied_and_filled_again,
    new_region_fills_phone_keys,
    only_the_organization_is_filled,
    decision_for_older_settings_writes_nothing,
    settings_that_leave_the_keys_refuse_no_decision,
    interrupted_filling_goes_on,
    step_made_twice_counts_once,
    step_of_older_settings_is_not_made,
    contact_changed_during_filling_stays_changed,
    damaged_contact_does_not_stop_filling,
];

/// A person with every shared key, whose e-mail address ends in that domain.
fn keyed(external_id: &str) -> serde_json::Value {
    person(json!({
        "externalId": external_id, "email": format!("{external_id}@rhone.example"),
        "phone": "021 555 12 12", "mobile": "079 111 22 33", "isCustomer": true,
        "client": {"vatNumber": "CHE-116.281.710"},
    }))
}

fn match_by(keys: &str) -> SettingsChange {
    let keys = keys.parse().expect("shared keys");
    SettingsChange { match_by: Some(keys), ..SettingsChange::default() }
}

fn region(country: &str) -> SettingsChange {
    let region = CountryCode::parse(country).expect("a country");
    SettingsChange { region: Some(region), ..SettingsChange::default() }
}

/// Changes the first organization.
async fn change(fixture: &StoreFixture, change: SettingsChange) -> Organization {
    let changed = fixture.settings().change_settings(organization(1).id, change, 10).await;
    changed.expect("the store does not fail").expect("organization 1")
}

async fn stored(fixture: &StoreFixture) -> Organization {
    let found = fixture.access().organization(organization(1).id).await;
    found.expect("the store does not fail").expect("organization 1")
}

/// Fills the first organization.
async fn fill(fixture: &StoreFixture) {
    let fill = FillKeys::new(fixture.access(), fixture.settings());
    let left_out = fill.execute(organization(1).id, &mut |_| {}).await;
    assert_eq!(left_out.expect("the store does not fail"), []);
    assert!(!stored(fixture).await.is_being_filled());
}

/// A request of the first organization with its present settings.
async fn present(fixture: &StoreFixture) -> Context {
    Context { settings: stored(fixture).await.settings, ..fixture.request() }
}

/// The step for these contacts.
fn step(organization: &Organization, contacts: &[ContactId]) -> Arc<FillingStep> {
    let Organization { id, settings, filling: from, .. } = organization;
    let count = i64::try_from(contacts.len()).expect("few contacts");
    let to = contacts.last().map_or(from.to, |last| last.get());
    let repaired = Settings { filling: MatchBy::NONE, ..*settings };
    Arc::new(FillingStep {
        repair: Repair::new(*id, repaired, contacts.to_vec()),
        from: *from,
        to: Filling { to, done: from.done + count, of: from.of },
        left: settings.filling,
    })
}

/// The stored contacts without their shared keys.
fn without_shared_keys(mut records: Vec<Record>) -> Vec<Record> {
    for Record { projection, .. } in &mut records {
        (projection.email, projection.phone) = (None, None);
        (projection.mobile, projection.vat_number) = (None, None);
    }
    records
}

async fn changed_organization_is_stored(fixture: &StoreFixture) {
    let expected = organization(1).changed(match_by("phone"), 10);
    assert_eq!(change(fixture, match_by("phone")).await, expected);
    assert_eq!(stored(fixture).await, expected);

    let respelling = Some(Respelling::Keep);
    let named = SettingsChange { name: Some("Żubr".to_owned()), respelling, ..region("DE") };
    let expected = expected.changed(named.clone(), 10);
    assert_eq!(change(fixture, named).await, expected);
    assert_eq!(stored(fixture).await, expected);
}

async fn unknown_organization_is_not_changed(fixture: &StoreFixture) {
    let changed = fixture.settings().change_settings(organization(9).id, region("DE"), 0).await;
    assert_eq!(changed.expect("the store does not fail"), None);
}

async fn organizations_are_listed_by_id(fixture: &StoreFixture) {
    let listed = fixture.settings().organizations().await.expect("the store does not fail");
    assert_eq!(listed, [organization(1), organization(2)]);
}

async fn keys_are_emptied_and_filled_again(fixture: &StoreFixture) {
    let outcomes = fixture.send(&[keyed("A"), keyed("B"), keyed("C"), person(json!({}))]).await;
    fixture.delete(id_of(&outcomes[1])).await;
    let full = fixture.everything().await;

    change(fixture, match_by("none")).await;
    fill(fixture).await;
    assert_eq!(fixture.everything().await, without_shared_keys(full.clone()));

    change(fixture, match_by("email,phone,vatNumber")).await;
    fill(fixture).await;
    assert_eq!(fixture.everything().await, full);

    let options = Options { ladder: Ladder::new([Key::Phone]), ..Options::default() };
    let item = person(json!({"phone": "+41 21 555 12 12"}));
    let outcomes = fixture.send_for(present(fixture).await, options, &[item]).await;
    assert_eq!(outcomes[0].verdict, Verdict::Ambiguous, "A and C have the number");
}

async fn new_region_fills_phone_keys(fixture: &StoreFixture) {
    let created = fixture.create(keyed("A")).await;
    change(fixture, region("DE")).await;
    fill(fixture).await;
    let mut expected = record_of(&created).clone();
    expected.projection.phone = Some("+49215551212".to_owned());
    expected.projection.mobile = Some("+49791112233".to_owned());
    let stored = &fixture.everything().await[0];
    assert_eq!(stored.projection.phone, expected.projection.phone);
    assert_eq!((stored.version, stored.updated_at), (expected.version, expected.updated_at));
}

async fn only_the_organization_is_filled(fixture: &StoreFixture) {
    fixture.send_elsewhere(&[keyed("A")]).await;
    let elsewhere = fixture.everything().await;
    let settings = fixture.settings();
    assert_eq!(settings.contacts_of(organization(1).id).await.expect("a count"), 0);
    assert_eq!(settings.contacts_of(organization(2).id).await.expect("a count"), 1);

    change(fixture, match_by("none")).await;
    fill(fixture).await;
    assert_eq!(fixture.everything().await, elsewhere);
}

async fn decision_for_older_settings_writes_nothing(fixture: &StoreFixture) {
    let outcomes = fixture.send(&[keyed("A"), keyed("B")]).await;
    let [target, source] = [0, 1].map(|index| id_of(&outcomes[index]));
    let before = fixture.everything().await;
    let older = fixture.request();
    change(fixture, match_by("email,vatNumber")).await;

    let contacts = fixture.contacts();
    for item in [keyed("C"), json!({"id": target.get(), "lastName": "Favre"})] {
        let report = contacts.upsert(batch(older.clone(), Options::default(), &[item])).await;
        assert_eq!(report.expect_err("it is refused").kind(), StoreErrorKind::Contention);
    }
    // It finds no contact by a key that may have been emptied.
    let options = Options { ladder: Ladder::new([Key::Phone]), ..Options::default() };
    let report = contacts.upsert(batch(older.clone(), options, &[keyed("A")])).await;
    assert_eq!(report.expect_err("it is refused").kind(), StoreErrorKind::Contention);
    let merge = Merge::new(older, target.get(), source.get()).expect("two contacts");
    let report = contacts.merge(Arc::new(merge)).await;
    assert_eq!(report.expect_err("it is refused").kind(), StoreErrorKind::Contention);
    assert_eq!(fixture.everything().await, before);

    let outcomes =
        fixture.send_for(present(fixture).await, Options::default(), &[keyed("C")]).await;
    assert_eq!(outcomes[0].verdict, Verdict::Created);
    assert_eq!(record_of(&outcomes[0]).projection.phone, None);
}

async fn settings_that_leave_the_keys_refuse_no_decision(fixture: &StoreFixture) {
    let older = fixture.request();
    let other = SettingsChange {
        name: Some("Other".to_owned()),
        respelling: Some(Respelling::Keep),
        ..match_by("email,phone,vatNumber")
    };
    change(fixture, other).await;
    let outcomes = fixture.send_for(older, Options::default(), &[keyed("A")]).await;
    assert_eq!(outcomes[0].verdict, Verdict::Created);
}

async fn interrupted_filling_goes_on(fixture: &StoreFixture) {
    fixture.send(&["A", "B", "C", "D"].map(keyed)).await;
    let full = fixture.everything().await;
    let began = change(fixture, match_by("none")).await;
    let settings = fixture.settings();

    let first = settings.ids_after(began.id, began.filling.to, 2).await.expect("two ids");
    assert_eq!(first, [0, 1].map(|index| full[index].id));
    let step = step(&began, &first);
    assert!(settings.fill(step.clone()).await.expect("the store does not fail").is_some());

    let halfway = stored(fixture).await;
    assert_eq!(halfway.filling, Filling { to: first[1].get(), done: 2, of: 10 });
    assert!(halfway.is_being_filled());
    let emptied = fixture.everything().await;
    assert_eq!(emptied[..2], without_shared_keys(full.clone())[..2]);
    assert_eq!(emptied[2..], full[2..]);

    fill(fixture).await;
    assert_eq!(stored(fixture).await.filling.done, 4);
    assert_eq!(fixture.everything().await, without_shared_keys(full));
}

async fn step_made_twice_counts_once(fixture: &StoreFixture) {
    fixture.send(&["A", "B", "C", "D"].map(keyed)).await;
    let full = fixture.everything().await;
    let began = change(fixture, match_by("none")).await;
    let settings = fixture.settings();
    let first = settings.ids_after(began.id, 0, 2).await.expect("two ids");
    let step = step(&began, &first);

    let (one, other) = tokio::join!(settings.fill(step.clone()), settings.fill(step));
    let made = [one, other].map(|made| made.expect("the store does not fail").is_some());
    assert!(made[0] != made[1], "{made:?}");
    assert_eq!(stored(fixture).await.filling.done, 2);

    let fillers = [(); 2].map(|()| FillKeys::new(fixture.access(), fixture.settings()));
    let (mut one, mut other) = (|_| {}, |_| {});
    let [first, second] = &fillers;
    let (one, other) =
        tokio::join!(first.execute(began.id, &mut one), second.execute(began.id, &mut other));
    assert_eq!((one.expect("filled"), other.expect("filled")), (Vec::new(), Vec::new()));
    assert_eq!(stored(fixture).await.filling.done, 4);
    assert_eq!(fixture.everything().await, without_shared_keys(full));
}

async fn step_of_older_settings_is_not_made(fixture: &StoreFixture) {
    fixture.send(&[keyed("A")]).await;
    let before = fixture.everything().await;
    let began = change(fixture, match_by("none")).await;
    let settings = fixture.settings();
    let ids = settings.ids_after(began.id, 0, 2).await.expect("an id");
    let step = step(&began, &ids);
    change(fixture, match_by("email,phone,vatNumber")).await;

    assert_eq!(settings.fill(step).await.expect("the store does not fail"), None);
    assert_eq!(fixture.everything().await, before);
    assert_eq!(stored(fixture).await.filling.done, 0);
    fill(fixture).await;
    assert_eq!(fixture.everything().await, before);
}

async fn contact_changed_during_filling_stays_changed(fixture: &StoreFixture) {
    let outcomes = fixture.send(&["A", "B", "C"].map(keyed)).await;
    change(fixture, match_by("none")).await;
    fill(fixture).await;
    let began = change(fixture, match_by("email")).await;
    let settings = fixture.settings();
    let ids = settings.ids_after(began.id, 0, 10).await.expect("three ids");

    let context = present(fixture).await;
    let items = [
        json!({"id": id_of(&outcomes[0]).get(), "email": "new@rhone.example"}),
        json!({"id": id_of(&outcomes[1]).get(), "email": null}),
        keyed("D"),
    ];
    let changed = fixture.send_for(context.clone(), Options::default(), &items).await;
    fixture.delete_and_send_for(context, id_of(&outcomes[2]), &[]).await;
    let after_changes = fixture.everything().await;

    let made = settings.fill(step(&began, &ids)).await.expect("the store does not fail");
    assert_eq!(made, Some(Vec::new()), "the requests have stored the keys");
    assert_eq!(fixture.everything().await, after_changes);
    let emails = after_changes.iter().map(|record| record.projection.email.as_deref());
    let third = Some("C@rhone.example".to_lowercase());
    let fourth = Some("D@rhone.example".to_lowercase());
    assert_eq!(
        emails.collect::<Vec<_>>(),
        [Some("new@rhone.example"), None, third.as_deref(), fourth.as_deref()]
    );
    assert_eq!(record_of(&changed[0]).version, after_changes[0].version);
}

async fn damaged_contact_does_not_stop_filling(fixture: &StoreFixture) {
    fixture.send(&["A", "B"].map(keyed)).await;
    let mut records = fixture.everything().await;
    // Another contact takes the external id that the document names.
    records[0].projection.external_id = Some("Z".to_owned());
    fixture.overwrite(&records[0], &[], None).await;
    fixture.create(person(json!({"externalId": "A"}))).await;
    change(fixture, match_by("none")).await;

    let filling = FillKeys::new(fixture.access(), fixture.settings());
    let left_out = filling.execute(organization(1).id, &mut |_| {}).await;
    let left_out = left_out.expect("the store does not fail");
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(left_out[0].key.id, records[0].id.get());
    assert!(!stored(fixture).await.is_being_filled());
    assert_eq!(fixture.everything().await[1].projection.email, None);
}
