-- Every request that changes contacts is a run. Its position is 64 times the number of its transaction,
-- which has at most 64 runs: below the oldest running transaction, no run is added any more. In a
-- cluster that a dump was restored into, these numbers begin anew, so something is added. The mark is what two databases that were one before
-- do not have in common.
CREATE TABLE run (
    organization_id integer     NOT NULL,
    id              bigint      NOT NULL,
    position        bigint      NOT NULL,
    added           bigint      NOT NULL,
    mark            bigint      NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0),
    api             text        NOT NULL,
    token           text        NOT NULL,
    source          text,
    at              timestamptz NOT NULL,
    created         bigint      NOT NULL,
    updated         bigint      NOT NULL,
    deleted         bigint      NOT NULL,
    merged          bigint      NOT NULL,
    restored        bigint      NOT NULL,
    undoes          bigint,
    PRIMARY KEY (organization_id, id)
);

CREATE UNIQUE INDEX run_position ON run (organization_id, position);

-- What a run did to a contact: kind is 1 created, 2 updated, 3 deleted, 4 merged, 5 restored; reverse
-- turns the document back into the one before. The entries of a contact are a chain from
-- contact.run_id: an index on contact_id would be written at another place with each update
-- (docs/adr/0021).
CREATE TABLE ledger (
    organization_id integer  NOT NULL,
    run_id          bigint   NOT NULL,
    contact_id      bigint   NOT NULL,
    version         bigint   NOT NULL,
    kind            smallint NOT NULL,
    previous_run_id bigint,
    reverse         text,
    PRIMARY KEY (organization_id, run_id, contact_id)
);

-- A server may be built without lz4; pglz does then.
DO $$
BEGIN
    ALTER TABLE ledger ALTER COLUMN reverse SET COMPRESSION lz4;
EXCEPTION WHEN OTHERS THEN
    NULL;
END
$$;

-- What other databases do not have in common with this one and its copies.
ALTER TABLE id_counter ADD COLUMN hub bigint NOT NULL DEFAULT 0;
UPDATE id_counter SET hub = hashtextextended(gen_random_uuid()::text, 0);

-- The last run that changed the contact. NULL: none since there is a ledger. Not indexed, so that
-- updates stay HOT.
ALTER TABLE contact ADD COLUMN run_id bigint;
