//! The requests: every endpoint, with what it does and with what it refuses.

/// What happens next.
pub(crate) enum Step {
    /// What is stored is indexed for searches.
    Index,
    /// A request comes.
    Call(Call),
}

/// A request. `PLAN`, `TOKEN` and `CURSOR` stand for the last of each that was answered, and `RUN`
/// for the first run.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: &'static str,
    /// The status of the answer.
    pub(crate) status: u16,
}

type Headers = &'static [(&'static str, &'static str)];

const JSON: Headers = &[("content-type", "application/json")];
const LINES: Headers = &[("content-type", "application/x-ndjson")];
const MERGE_PATCH: Headers = &[("content-type", "application/merge-patch+json")];
const JSON_PATCH: Headers = &[("content-type", "application/json-patch+json")];
const DRY: Headers = &[("content-type", "application/json"), ("prefer", "dry-run, detail=full")];
const ONCE: Headers = &[("content-type", "application/json"), ("idempotency-key", "k")];

const fn get(path: &'static str, status: u16) -> Step {
    send("GET", path, &[], "", status)
}

const fn post(path: &'static str, body: &'static str, status: u16) -> Step {
    send("POST", path, JSON, body, status)
}

const fn send(
    method: &'static str,
    path: &'static str,
    headers: Headers,
    body: &'static str,
    status: u16,
) -> Step {
    Step::Call(Call { method, path, headers, body, status })
}

const BATCH: &str = "/v1/contacts/batch";
const ENTRIES: &str = "/api/v1/contacts/items";
const LINKED: &str = "/api/v1/contacts/items/link";

pub(crate) const STEPS: &[Step] = &[
    // The ERP's API.
    send("POST", "/api-v1/contact/batch", DRY, ITEMS, 200),
    post("/api-v1/contact/batch", ITEMS, 200),
    post("/api-v1/contact/batch", ITEMS, 200),
    get("/api-v1/contact/PERSON/1", 200),
    get("/api-v1/contact/PERSON/1/deleted", 404),
    get("/api-v1/contact/PERSON/4711", 404),
    send("POST", "/api-v1/contact/merging", DRY, r#"{"targetId":1,"sourceId":4}"#, 200),
    post("/api-v1/contact/merging", r#"{"targetId":1,"sourceId":1}"#, 400),
    // The devices' API.
    post(
        LINKED,
        r#"{"list_items":[{"name":"Door","type":"regular","number":"0001-01-11-11","link_id":"91c615e3-1040-4815-8ecb-039a18b756b1"}]}"#,
        200,
    ),
    post(LINKED, r#"{"list_items":[{"name":"","type":"x","number":"1"}]}"#, 400),
    post(
        ENTRIES,
        r#"{"name":"Gate","type":"multi","number":"0001-01-02","link_id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff"}"#,
        200,
    ),
    get(ENTRIES, 200),
    get("/api/v1/contacts/items?sort_by=name&limit=1&filter=name%20eq%20%27Door%27", 200),
    get("/api/v1/contacts/items/6", 200),
    get("/api/v1/contacts/items/4711", 400),
    send(
        "PUT",
        "/api/v1/contacts/items/6",
        JSON,
        r#"{"name":"Gate 2","type":"multi","number":"0001-01-02"}"#,
        200,
    ),
    send("DELETE", "/api/v1/contacts/items/6", JSON, "", 200),
    send("DELETE", LINKED, JSON, r#"{"link_ids":["91c615e3-1040-4815-8ecb-039a18b756b1"]}"#, 200),
    // Batches of the native API.
    send(
        "POST",
        BATCH,
        DRY,
        r#"[{"contactType":"PERSON","externalId":"N","lastName":"Neu"}]"#,
        200,
    ),
    post("/v1/contacts/batch?explain=true&return=representation", NATIVE, 200),
    post(
        "/v1/contacts/batch?atomicity=batch",
        r#"[{"externalId":"N","fax":"1"},{"lastName":"x"}]"#,
        200,
    ),
    send("POST", BATCH, ONCE, r#"[{"externalId":"N","fax":"2"}]"#, 200),
    send("POST", BATCH, ONCE, r#"[{"externalId":"N","fax":"2"}]"#, 200),
    send("POST", BATCH, ONCE, r#"[{"externalId":"N","fax":"3"}]"#, 422),
    send(
        "POST",
        "/v1/contacts/batch?results=all",
        LINES,
        "{\"externalId\":\"N\",\"fax\":\"4\"}\nno\n",
        200,
    ),
    post("/v1/contacts/batch?mode=updat", "[]", 400),
    // One contact.
    post(
        "/v1/contacts",
        r#"{"contactType":"PERSON","externalId":"O","lastName":"One","email":"one@hub.example"}"#,
        201,
    ),
    post("/v1/contacts", r#"{"contactType":"PERSON","externalId":"O","lastName":"One"}"#, 409),
    post("/v1/contacts", r#"{"lastName":"One"}"#, 422),
    get("/v1/contacts/1", 200),
    send("GET", "/v1/contacts/1", &[("if-none-match", "\"4\"")], "", 304),
    get("/v1/contacts/4711", 404),
    send("PATCH", "/v1/contacts/1", MERGE_PATCH, r#"{"phone":null,"fax":"5"}"#, 200),
    send(
        "PATCH",
        "/v1/contacts/1",
        JSON_PATCH,
        r#"[{"op":"replace","path":"/fax","value":"6"}]"#,
        200,
    ),
    send(
        "PATCH",
        "/v1/contacts/1",
        JSON_PATCH,
        r#"[{"op":"test","path":"/fax","value":"7"}]"#,
        409,
    ),
    send("PUT", "/v1/contacts/1", JSON, r#"{"externalId":"A","lastName":"Rochat"}"#, 200),
    send(
        "PUT",
        "/v1/contacts/1",
        &[("content-type", "application/json"), ("if-match", "\"1\"")],
        r#"{"lastName":"X"}"#,
        412,
    ),
    send("POST", "/v1/contacts/1/archive", &[], "", 200),
    send("POST", "/v1/contacts/1/unarchive", &[], "", 200),
    send("DELETE", "/v1/contacts/1", &[], "", 204),
    get("/v1/contacts/1", 404),
    send("POST", "/v1/contacts/1/restore", &[("prefer", "dry-run")], "", 200),
    send("POST", "/v1/contacts/1/restore", &[], "", 200),
    send("POST", "/v1/contacts/merge", DRY, r#"{"target":1,"source":12}"#, 200),
    post("/v1/contacts/merge", r#"{"target":1,"source":12}"#, 200),
    get("/v1/contacts/12", 404),
    send("POST", "/v1/contacts/12/restore", &[], "", 409),
    get("/v1/contacts/1/history", 200),
    get("/v1/contacts/1/history?limit=1&before=3", 200),
    // Plans.
    post(
        "/v1/contacts/plans",
        r#"[{"externalId":"A","lastName":"Planned"},{"contactType":"PERSON","externalId":"P","lastName":"New"}]"#,
        201,
    ),
    get("/v1/contacts/plans/PLAN", 200),
    get("/v1/contacts/plans/PLAN/items?verdict=created", 200),
    send("PATCH", "/v1/contacts/1", MERGE_PATCH, r#"{"fax":"8"}"#, 200),
    send("POST", "/v1/contacts/plans/PLAN/apply", &[], "", 200),
    send("POST", "/v1/contacts/plans/PLAN/apply", &[], "", 200),
    send("DELETE", "/v1/contacts/plans/PLAN", &[], "", 204),
    get("/v1/contacts/plans/PLAN", 404),
    // Runs.
    get("/v1/runs", 200),
    get("/v1/runs?limit=2&before=RUN", 200),
    get("/v1/runs/RUN", 200),
    get("/v1/runs/4711", 404),
    get("/v1/runs/RUN/changes?limit=1", 200),
    send("POST", "/v1/runs/RUN/undo?dryRun=true", &[], "", 200),
    send("POST", "/v1/runs/RUN/undo", &[], "", 200),
    send("POST", "/v1/runs/RUN/undo", &[], "", 200),
    // Many contacts.
    post(BATCH, NATIVE, 200),
    get("/v1/contacts?sort=displayName&limit=2&total=true", 200),
    get("/v1/contacts?sort=displayName&limit=2&total=true&cursor=CURSOR", 200),
    get("/v1/contacts?sort=-updatedAt&fields=id,lastName&contactType=PERSON", 200),
    get("/v1/contacts?deleted=true&sort=-createdAt", 200),
    get("/v1/contacts?email=one@hub.example", 200),
    get("/v1/contacts?phone=0791112233", 200),
    get("/v1/contacts?limit=1001", 400),
    Step::Index,
    get("/v1/contacts?q=muell%20z", 200),
    get("/v1/contacts/export?contactType=PERSON", 200),
    send("GET", "/v1/contacts/export", &[("accept", "application/json")], "", 200),
    get("/v1/contacts/changes", 200),
    get("/v1/contacts/changes?since=TOKEN", 200),
    post("/v1/contacts/delete", r#"{"ids":[1,4711],"externalIds":["N"],"dryRun":true}"#, 200),
    post("/v1/contacts/delete", r#"{"ids":[1,4711],"externalIds":["N"]}"#, 200),
    get("/v1/contacts/changes?since=TOKEN", 200),
    get("/v1/contacts/changes?since=x", 400),
    send("DELETE", "/v1/contacts/1?purge=true", &[], "", 204),
    post("/v1/contacts/delete", r#"{"externalIds":["F"],"purge":true}"#, 200),
    get("/v1/contacts/1/history", 404),
    // The organization.
    get("/v1/organization", 200),
    send("PUT", "/v1/organization", DRY, r#"{"matchBy":["phone","email"]}"#, 200),
    send("PUT", "/v1/organization", JSON, r#"{"matchBy":["email"],"respelling":"keep"}"#, 200),
    send("PUT", "/v1/organization", JSON, r#"{"region":"Switzerland"}"#, 400),
];

const ITEMS: &str = r#"[
    {"contactType":"PERSON","externalId":"A","lastName":"Rochat","phone":"079 111 22 33",
     "addresses":[{"name":"Home","city":"Genève"}],"isStaff":true,"staff":{"jobTitle":"Baker"}},
    {"contactType":"PERSON","externalId":"B","firstName":"Zoé","lastName":"Müller","tags":[{"name":"vip"}]},
    {"contactType":"ORGANIZATION","externalId":"C","name":"Boulangerie","email":"no address"},
    {"externalId":"D","lastName":"No type"},
    {"externalId":"A","lastName":"Favre"}
]"#;

const NATIVE: &str = r#"[
    {"contactType":"PERSON","externalId":"N","firstName":"Zoë","lastName":"Mueller",
     "relatedOrganizationContactIds":[{"ref":"firm"}]},
    {"contactType":"ORGANIZATION","externalId":"F","name":"Firm","$":{"ref":"firm"}},
    {"externalId":"N","title":"Dr.","$":{"ifVersion":9}},
    {"externalId":"B","$":{"delete":true}},
    {"id":4711,"lastName":"Nobody"}
]"#;
