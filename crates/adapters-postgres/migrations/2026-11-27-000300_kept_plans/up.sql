-- Dry runs that are kept, to be applied later. The answer to the application has the same key in
-- kept_answer. "contacts" are the ids that the plan names, as JSON; "weight" is what it counts for, in
-- bytes.
CREATE TABLE kept_plan (
    organization_id integer     NOT NULL,
    key             bytea       NOT NULL,
    created_at      timestamptz NOT NULL,
    contacts        text        NOT NULL,
    weight          bigint      NOT NULL,
    head            bytea       NOT NULL,
    request         bytea       NOT NULL,
    results         bytea       NOT NULL,
    PRIMARY KEY (organization_id, key)
);

-- They are compressed already.
ALTER TABLE kept_plan ALTER COLUMN request SET STORAGE EXTERNAL;
ALTER TABLE kept_plan ALTER COLUMN results SET STORAGE EXTERNAL;

CREATE INDEX kept_plan_created_at ON kept_plan (created_at);
