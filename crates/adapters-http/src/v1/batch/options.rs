//! The options of a batch.

use contacts_application::access::{Scope, Scopes};
use contacts_domain::upsert::{
    Arrays, Atomicity, Documents, Handling, Key, Ladder, Mode, OnAmbiguous, OnRepeat, Options,
};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Kind, Problem};
use crate::request::prefer::Preferences;
use crate::settings::Settings;
use crate::v1::parameters::Parameters;
use crate::v1::word::{MatchKey, RespellingWord, words};

/// The most characters of a source.
const MAX_SOURCE: usize = 100;

/// Which results an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Results {
    #[default]
    All,
    /// Of refused items, and of those that were stored with warnings.
    Problems,
}

/// How much of a contact a result shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Return {
    #[default]
    Minimal,
    Representation,
}

words!(OnAmbiguousWord(OnAmbiguous), "What happens where a shared key finds several contacts." {
    Reject = "reject", Oldest = "oldest", Next = "next",
});
words!(ModeWord(Mode), "Whether items create, update, or only add what is missing." {
    Upsert = "upsert", Create = "create", Update = "update", Fill = "fill",
});
words!(OnRepeatWord(OnRepeat), "What happens to items that name the same contact." {
    Merge = "merge", First = "first", Last = "last", Reject = "reject",
});
words!(ArraysWord(Arrays), "What happens to array elements that are not sent." {
    Replace = "replace", Append = "append",
});
words!(AtomicityWord(Atomicity), "Whether a refused item stops the others." {
    Item = "item", Batch = "batch",
});
words!(HandlingWord(Handling), "What violations do to an item." {
    Standard = "default", Lenient = "lenient", Strict = "strict",
});
words!(ResultsWord(Results), "Which results an answer has." {
    All = "all", Problems = "problems",
});
words!(ReturnWord(Return), "How much of a contact a result shows." {
    Minimal = "minimal", Representation = "representation",
});

/// The options of a batch.
#[derive(Debug)]
pub(crate) struct BatchOptions {
    /// Those of the rules, without the documents that the answer shows.
    pub(crate) rules: Options,
    pub(crate) handling: Handling,
    pub(crate) results: Option<Results>,
    pub(super) returns: Return,
    /// Where the data comes from.
    pub(crate) source: Option<String>,
}

impl BatchOptions {
    /// Reads the options. Those of the query, of `options` in the body and of the header `Prefer` may
    /// repeat each other, but not differ.
    pub(crate) fn read(
        mut given: Parameters,
        body: Map<String, Value>,
        preferences: Preferences,
    ) -> Result<Self, Problem> {
        for (name, value) in body {
            if let Some(text) = text(value) {
                given.add(name, text);
            }
        }
        for (name, value) in preferences.as_options() {
            given.add(name, value);
        }
        let ladder = given.words::<Key>("matchBy")?;
        let dry_run = given.word("dryRun")?.unwrap_or_default();
        let explain = given.word("explain")?.unwrap_or_default();
        let read = Self {
            rules: Options {
                ladder: ladder.map_or_else(Ladder::default, Ladder::new),
                on_ambiguous: given.word("onAmbiguous")?.unwrap_or_default(),
                mode: given.word("mode")?.unwrap_or_default(),
                on_repeat: given.word("onRepeat")?.unwrap_or_default(),
                arrays: given.word("arrays")?.unwrap_or_default(),
                atomicity: given.word("atomicity")?.unwrap_or_default(),
                respelling: given.word("respelling")?,
                documents: Documents::LeftOut,
                changes: dry_run || explain,
                explain,
                dry_run,
            },
            handling: given.word("handling")?.unwrap_or_default(),
            results: given.word("results")?,
            returns: given.word("return")?.unwrap_or_default(),
            source: given.text("source", 1..=MAX_SOURCE)?,
        };
        given.end()?;
        Ok(read)
    }
}

impl BatchOptions {
    /// The options of the rules, with the documents that the answer shows a caller of these rights.
    pub(crate) fn with_documents(&self, scopes: Scopes, settings: &Settings) -> Options {
        let documents = match self.returns {
            Return::Representation if scopes.include(Scope::Read) => {
                Documents::AtMost(settings.max_batch_documents_bytes)
            }
            Return::Representation | Return::Minimal => Documents::LeftOut,
        };
        Options { documents, ..self.rules.clone() }
    }

    /// Refuses what a stream cannot do: each chunk is stored before the next one is read.
    pub(super) fn require_streamable(&self) -> Result<(), Problem> {
        let refused = match &self.rules {
            Options { dry_run: true, .. } => "dryRun",
            Options { atomicity: Atomicity::Batch, .. } => "atomicity=batch",
            Options { on_repeat, .. } if *on_repeat != OnRepeat::Merge => "onRepeat",
            _ => return Ok(()),
        };
        let detail = format!("a stream does not take {refused}; send the items as JSON");
        Err(Problem::new(Kind::BadParameter, detail))
    }
}

/// A value of `options` as it would stand in the query; `None` for null.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.into_iter().filter_map(text).collect();
            Some(elements.join(","))
        }
        other => Some(other.to_string()),
    }
}

/// The options of a batch. Each may stand in the query or in the member `options` of the body.
#[derive(IntoParams, ToSchema)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[schema(as = BatchOptions)]
#[expect(dead_code, reason = "describes what `BatchOptions::read` reads")]
pub(crate) struct BatchOptionsDescription {
    /// The keys that an item is matched by, in order. The first one that finds a contact decides; one
    /// that the item lacks is skipped; in the query they stand between commas. A key that the organization does not match by is 400, one that
    /// is being filled 409.
    #[param(value_type = Option<String>, example = "externalId,email")]
    #[schema(value_type = Vec<MatchKey>, required = false, min_items = 1)]
    match_by: Option<String>,
    /// What happens where `email`, `phone` or `vatNumber` finds several contacts: the item is refused
    /// as `ambiguous` (`reject`, the default), the contact with the lowest id is taken (`oldest`), or
    /// the next key decides (`next`).
    #[param(value_type = Option<OnAmbiguousWord>)]
    #[schema(value_type = OnAmbiguousWord, required = false)]
    on_ambiguous: Option<String>,
    /// Whether items create and update (`upsert`, the default), only create, only update, or add
    /// only what a contact lacks (`fill`).
    #[param(value_type = Option<ModeWord>)]
    #[schema(value_type = ModeWord, required = false)]
    mode: Option<String>,
    /// What happens to items that name the same contact: each is applied to the result of the one
    /// before (`merge`, the default), only the first or the last is applied, or none is (`reject`).
    #[param(value_type = Option<OnRepeatWord>)]
    #[schema(value_type = OnRepeatWord, required = false)]
    on_repeat: Option<String>,
    /// Whether an array that is sent is the new full list (`replace`, the default), or is added to
    /// what is stored (`append`).
    #[param(value_type = Option<ArraysWord>)]
    #[schema(value_type = ArraysWord, required = false)]
    arrays: Option<String>,
    /// Whether a refused item leaves the others alone (`item`, the default), or nothing of the batch
    /// is stored (`batch`).
    #[param(value_type = Option<AtomicityWord>)]
    #[schema(value_type = AtomicityWord, required = false)]
    atomicity: Option<String>,
    /// Whether warnings refuse an item (`strict`), and whether an item with an error of a single value
    /// is stored without that value (`lenient`).
    #[param(value_type = Option<HandlingWord>)]
    #[schema(value_type = HandlingWord, required = false)]
    handling: Option<String>,
    /// Whether a value that is only spelled in another way than the stored one, such as a phone number
    /// with its country, is stored as sent (`take`), or stays as it is (`keep`). The default is a
    /// setting of the organization.
    #[param(value_type = Option<RespellingWord>)]
    #[schema(value_type = RespellingWord, required = false)]
    respelling: Option<String>,
    /// Whether every item has a result (`all`, the default for JSON), or only those that were refused
    /// or stored with warnings (`problems`).
    #[param(value_type = Option<ResultsWord>)]
    #[schema(value_type = ResultsWord, required = false)]
    results: Option<String>,
    /// Whether a result shows the contact right after the item (`representation`).
    #[param(value_type = Option<ReturnWord>)]
    #[schema(value_type = ReturnWord, required = false)]
    r#return: Option<String>,
    /// Whether nothing is stored: the answer is that of the same request without it, but for ids of
    /// what would be new, which are left out, and for `changes`.
    #[param(default = false)]
    #[schema(default = false)]
    dry_run: Option<bool>,
    /// Whether each result says how the item was matched, and what it changed and why.
    #[param(default = false)]
    #[schema(default = false)]
    explain: Option<bool>,
    /// A name for where the data comes from. It is kept with the run.
    #[param(min_length = 1, max_length = 100, example = "crm-nightly")]
    #[schema(min_length = 1, max_length = 100, example = "crm-nightly")]
    source: Option<String>,
}
