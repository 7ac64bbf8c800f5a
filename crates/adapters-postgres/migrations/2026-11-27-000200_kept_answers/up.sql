-- The answers to requests with an idempotency key. "key" is a digest over the key, the path and the
-- token, "request" one over all that makes a request another one. "contacts" are the ids that the body
-- may show, as JSON; the body is null when it was erased.
CREATE TABLE kept_answer (
    organization_id integer     NOT NULL,
    key             bytea       NOT NULL,
    request         bytea       NOT NULL,
    created_at      timestamptz NOT NULL,
    contacts        text        NOT NULL,
    head            bytea       NOT NULL,
    body            bytea,
    PRIMARY KEY (organization_id, key)
);

-- It is compressed already.
ALTER TABLE kept_answer ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX kept_answer_created_at ON kept_answer (created_at);
