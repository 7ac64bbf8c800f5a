-- Every request that changes contacts is a run; runs have the order in which they were committed.
-- The mark is what two databases that were one before do not have in common.
CREATE TABLE run (
    position        INTEGER NOT NULL PRIMARY KEY,
    organization_id INTEGER NOT NULL,
    id              INTEGER NOT NULL,
    added           INTEGER NOT NULL DEFAULT 0, -- of use on PostgreSQL alone
    mark            INTEGER NOT NULL DEFAULT (random()),
    api             TEXT    NOT NULL,
    token           TEXT    NOT NULL,
    source          TEXT,
    at              INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    deleted         INTEGER NOT NULL,
    merged          INTEGER NOT NULL,
    restored        INTEGER NOT NULL,
    undoes          INTEGER
) STRICT;

CREATE UNIQUE INDEX run_id ON run (organization_id, id);
CREATE INDEX run_position ON run (organization_id, position);

-- What a run did to a contact: kind is 1 created, 2 updated, 3 deleted, 4 merged, 5 restored; reverse
-- turns the document back into the one before. The entries of a contact are a chain from
-- contact.run_id: an index on contact_id would be written at another place with each update
-- (docs/adr/0021).
CREATE TABLE ledger (
    organization_id INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,
    contact_id      INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    kind            INTEGER NOT NULL,
    previous_run_id INTEGER,
    reverse         TEXT,
    PRIMARY KEY (organization_id, run_id, contact_id)
) STRICT, WITHOUT ROWID;

-- What other databases do not have in common with this one and its copies.
ALTER TABLE id_counter ADD COLUMN hub INTEGER NOT NULL DEFAULT 0;
UPDATE id_counter SET hub = random();

-- The last run that changed the contact. NULL: none since there is a ledger.
ALTER TABLE contact ADD COLUMN run_id INTEGER;
