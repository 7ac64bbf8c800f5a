//! Entries as a management server sends them to the device API: valid, and the same in every run.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::contacts::pick_word;

const NAMES: &str = "\
    Amélie Rochat, Luc Favre, Chiara Bernasconi, Urs Zürcher, Noémie Perret, Concierge, Entrance \
    panel, Atelier du fond, Cabinet Dr. Monnier, Hauswart, Praxis Keller, Garage, Fiduciaire \
    Blanc, Beat Caduff, Lift, Giulia Ferrari";

/// The entry of that number after that many changes. A change sets the name and a flag.
pub(crate) fn entry(number: u32, changes: u32) -> Value {
    let mut rng = Rng::with_seed(u64::from(number));
    let (kind, address) = match rng.u32(..8) {
        0 => ("individual", individual(&mut rng)),
        1 => ("multi", multi(&mut rng)),
        2 => ("p2p", sip(number)),
        3 => ("regular", sip(number)),
        _ => ("regular", regular(&mut rng)),
    };
    json!({
        "link_id": link_id(number),
        "name": format!("{} {number}", pick_word(&mut rng, NAMES, changes)),
        "type": kind,
        "number": address,
        "is_favorite": (rng.u32(..2) + changes) % 2 == 1,
        "auto_answer": false,
        "in_black_list": false,
        "is_p2p": kind == "p2p",
        "ringtone": format!("ring{}.wav", rng.u32(1..=9)),
    })
}

/// A UUID of version 4 (RFC 9562), derived from the number.
pub(crate) fn link_id(number: u32) -> String {
    // Another seed than that of the entry, so that they are independent.
    let mut rng = Rng::with_seed(u64::from(number) + (1 << 40));
    let [a, b, c] = [(); 3].map(|()| rng.u64(..1 << 48));
    let (first, second) = (a & 0xFFFF_FFFF, b & 0xFFFF);
    let (third, fourth) = (0x4000 | (b >> 16 & 0xFFF), 0x8000 | (b >> 32 & 0x3FFF));
    format!("{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-{:012x}", c & 0xFFFF_FFFF_FFFF)
}

fn regular(rng: &mut Rng) -> String {
    let building = rng.u32(1..=9_999);
    let (unit, floor, apartment) = (rng.u32(..100), rng.u32(..99), rng.u32(..100));
    format!("{building:04}-{unit:02}-{floor:02}-{apartment:02}")
}

fn individual(rng: &mut Rng) -> String {
    let (building, unit, floor) = (rng.u32(1..=999), rng.u32(..100), rng.u32(..99));
    let (apartment, device) = (rng.u32(..100), rng.u32(1..=9));
    format!("{building:03}-{unit:02}-{floor:02}-{apartment:02}-{device}")
}

fn multi(rng: &mut Rng) -> String {
    let (building, unit, device) = (rng.u32(1..=9_999), rng.u32(..100), rng.u32(1..=99));
    format!("{building:04}-{unit:02}-{device:02}")
}

fn sip(number: u32) -> String {
    format!("sip:{number}@sip.example.com")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn link_ids_are_unique() {
        let ids = (0..20_000).map(link_id).collect::<BTreeSet<_>>();
        assert_eq!(ids.len(), 20_000);
        assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'4'));
    }

    #[test]
    fn change_sets_name_and_flag() {
        for number in 0..500 {
            let (before, after) = (entry(number, 1), entry(number, 2));
            assert_ne!(before["name"], after["name"]);
            assert!(after["name"].as_str().unwrap().chars().count() <= 30);
            let mut same = after.clone();
            same["name"] = before["name"].clone();
            same["is_favorite"] = before["is_favorite"].clone();
            assert_ne!(after["is_favorite"], before["is_favorite"]);
            assert_eq!(same, before);
        }
    }
}
