-- The words by which contacts are found, each with its organization, and how far the ledger of each
-- organization is indexed (docs/adr/0031). The program makes both from the contacts; a copy leaves
-- out every table that begins with search_.
CREATE TABLE search_words (
    organization_id integer  NOT NULL,
    contact_id      bigint   NOT NULL,
    words           tsvector NOT NULL,
    PRIMARY KEY (organization_id, contact_id)
);

-- Every search reads all of the list of pending entries, so it is short.
CREATE INDEX search_words_words ON search_words USING gin (words) WITH (gin_pending_list_limit = 512);

CREATE TABLE search_position (
    organization_id integer NOT NULL PRIMARY KEY,
    hub             bigint  NOT NULL,
    position        bigint,
    mark            bigint,
    contact         bigint,
    listed_to       bigint,
    version         integer NOT NULL,
    region          text    NOT NULL
);
