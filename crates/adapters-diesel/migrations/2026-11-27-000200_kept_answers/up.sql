-- The answers to requests with an idempotency key. "key" is a digest over the key, the path and the
-- token, "request" one over all that makes a request another one. "contacts" are the ids that the body
-- may show, as JSON; the body is null when it was erased.
CREATE TABLE kept_answer (
    organization_id INTEGER NOT NULL,
    key             BLOB    NOT NULL,
    request         BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    contacts        TEXT    NOT NULL,
    head            BLOB    NOT NULL,
    body            BLOB,
    PRIMARY KEY (organization_id, key)
) STRICT;

CREATE INDEX kept_answer_created_at ON kept_answer (created_at);
