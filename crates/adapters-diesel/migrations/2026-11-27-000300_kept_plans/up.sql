-- Dry runs that are kept, to be applied later. The answer to the application has the same key in
-- kept_answer. "contacts" are the ids that the plan names, as JSON; "weight" is what it counts for, in
-- bytes.
CREATE TABLE kept_plan (
    organization_id INTEGER NOT NULL,
    key             BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    contacts        TEXT    NOT NULL,
    weight          INTEGER NOT NULL,
    head            BLOB    NOT NULL,
    request         BLOB    NOT NULL,
    results         BLOB    NOT NULL,
    PRIMARY KEY (organization_id, key)
) STRICT;

CREATE INDEX kept_plan_created_at ON kept_plan (created_at);
