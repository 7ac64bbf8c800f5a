//! The words of contacts, and queries for them.

use contacts_domain::searching::{MAX_QUERY_CHARS, SearchQuery, SearchWords};
use contacts_domain::value::CountryCode;
use serde_json::{Value, json};

use crate::fixture::Fixture;

/// The words of a person of an organization in Switzerland.
fn words(members: &Value) -> SearchWords {
    let mut item = json!({"contactType": "PERSON", "externalId": "K"});
    item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let mut fixture = Fixture::default();
    fixture.send(json!([item]));
    let record = fixture.living().next().expect("it is valid");
    SearchWords::of(record, CountryCode::parse("CH").unwrap())
}

fn finds(query: &str, words: &SearchWords) -> bool {
    SearchQuery::parse(query).is_some_and(|query| query.matches(words))
}

#[test]
fn folded_words_find_their_contact() {
    for (last_name, queries) in [
        ("Müller", &["muller", "mueller", "Müller", "MULLER", "mul", "muel", "mu\u{308}ller"][..]),
        ("Genève", &["geneve", "Genève", "GENE"]),
        ("Łukasz", &["lukasz", "ŁUKASZ"]),
        ("Strauß", &["strauss", "STRAUẞ", "Strauß"]),
        ("Ørsted", &["orsted"]),
        ("Đorđe", &["dorde"]),
        ("Ħal", &["hal"]),
        ("Ægir Œuvre", &["aegir oeuvre", "ouvre ae oeuvre"]),
        ("Þór Guðrún", &["thor gudrun"]),
        ("Işık", &["isik"]),
        ("O’Brien", &["obrien", "o'brien", "O’Brien", "brien"]),
        ("Jean-Pierre", &["jean pierre", "jeanpierre", "jean-p", "pierre jean"]),
        ("ΣΊΣΥΦΟΣ", &["σίσυφος", "σισ"]),
        ("Žižek", &["zizek"]),
        ("מֹשֶׁה", &["משה", "מֹשֶׁה"]),
        ("مُحَمَّد", &["محمد"]),
        ("山田太郎", &["山田太"]),
        ("Ａｎｎａ", &["anna"]),
        ("\u{fb01}sch", &["fisch"]),
    ] {
        let words = words(&json!({"lastName": last_name}));
        for query in queries {
            let expected = *query != "ouvre ae oeuvre";
            assert_eq!(finds(query, &words), expected, "{query} for {last_name}: {words:?}");
        }
    }
}

#[test]
fn every_searched_member_is_found() {
    let words = words(&json!({
        "firstName": "Anna", "lastName": "Muster", "externalId": "CRM-77.b",
        "email": "Anna.Muster@Firma.example", "addresses": [{"name": "1", "city": "La Chaux-de-Fonds"}],
        "tags": [{"name": "Key account"}], "fax": "021 555 12 12",
        "warnings": "unpaid", "staff": {"jobTitle": "Baker"},
    }));
    for query in [
        "anna",
        "muster anna",
        "crm",
        "CRM-77.b",
        "crm77b",
        "77",
        "anna.muster@firma.example",
        "firma",
        "example",
        "muster@fir",
        "chaux",
        "la chaux de fonds",
        "key acc",
        "account",
        "41215551212",
        "021 555 12 12",
        "b crm anna key fonds",
    ] {
        assert!(finds(query, &words), "{query}");
    }
    for query in ["nna", "must anna", "unpaid", "baker", "an", "person", "anna peter", "me"] {
        assert!(!finds(query, &words), "{query}");
    }
}

#[test]
fn numbers_are_found_however_written() {
    let words = words(&json!({"lastName": "X", "mobile": "079 111 22 33"}));
    for query in [
        "0791112233",
        "+41 79 111",
        "+4179111",
        "079 111 22 33",
        "079/111.22.33",
        "(079) 111-22-33",
        "0041 79 111 22 33",
        "0041791112233",
        "+41 (0)79 111 22 33",
        "41791112233",
        "079",
        "0791",
        "079 111 22 33 x",
        "079111 x",
        "x 079 111",
    ] {
        assert!(finds(query, &words), "{query}");
    }
    for query in ["79 111 22", "07", "079 222", "1112233", "079x"] {
        assert!(!finds(query, &words), "{query}");
    }
}

#[test]
fn numbers_of_other_countries_are_found_in_both_forms() {
    let in_germany = json!({
        "lastName": "X", "phone": "0221 123456", "addresses": [{"name": "1", "countryCode2": "DE"}],
    });
    let words = words(&in_germany);
    // Without its country, it may be a number of the organization's region too.
    for query in ["0221 123456", "+49 221 123456", "+41 22 112 34 56"] {
        assert!(finds(query, &words), "{query}");
    }
}

#[test]
fn groups_of_digits_are_words_as_well() {
    let words = words(&json!({"lastName": "Rochat 17 2026"}));
    for query in ["17 2026", "rochat 17", "2026 17", "17 20", "rochat 2026"] {
        let expected = query != "17 20";
        assert_eq!(finds(query, &words), expected, "{query}");
    }
}

#[test]
fn one_and_two_letters_are_whole_words() {
    let words = words(&json!({"firstName": "Bo", "lastName": "Li"}));
    for (query, found) in
        [("b", false), ("bo", true), ("l", false), ("li bo", true), ("lin", false)]
    {
        assert_eq!(finds(query, &words), found, "{query}");
    }
}

#[test]
fn query_without_a_letter_or_too_long_is_none() {
    for text in ["", " ", "'\"*()-:^{}[]\\%_&|!<>", "\u{200b}\u{301}", "🏠", "\0"] {
        assert_eq!(SearchQuery::parse(text), None, "{text:?}");
    }
    assert!(SearchQuery::parse(&"a".repeat(MAX_QUERY_CHARS)).is_some());
    assert_eq!(SearchQuery::parse(&"a".repeat(MAX_QUERY_CHARS + 1)), None);
    assert_eq!(SearchQuery::parse(&"a ".repeat(5_000)), None);
}

#[test]
fn expression_holds_nothing_but_letters_and_digits() {
    let query = SearchQuery::parse("NEAR(a* \"b'c\") ^f:x +41 79 \\ü; DRO").unwrap();
    let expression = query.expression([" & ", " | "], |word, is_beginning| {
        assert!(word.chars().all(char::is_alphanumeric), "{word}");
        format!("{word}{}", if is_beginning { "*" } else { "" })
    });
    let expected = "((neara) | (near & a)) & ((bc) | (b & c)) & ((fx) | (f & x)) & \
                    ((4179*) | (41 & 79)) & ((u) | (ue)) & ((dro*))";
    assert_eq!(expression, expected);
}

#[test]
fn words_of_a_contact_are_bounded() {
    let city = |index: usize| json!({"name": index.to_string(), "city": format!("{index}{}", "x".repeat(90))});
    let cities: Vec<Value> = (0..900).map(city).collect();
    let words = words(&json!({"lastName": "Rochat", "addresses": cities}));
    assert_eq!(words.iter().count(), 500);
    assert!(words.iter().all(|word| word.chars().count() <= 64));
    assert!(finds("rochat", &words) && finds(&format!("7{}", "x".repeat(90)), &words));
}

#[test]
fn each_term_has_the_prefix() {
    assert_eq!(SearchWords::of_text("Zoë").terms("7_"), "7_zoe");
    assert_eq!(SearchWords::of_text("Köln").terms("7_"), "7_koeln 7_koln");
}
