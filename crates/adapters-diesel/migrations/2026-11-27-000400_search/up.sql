-- The words by which contacts are found, each with its organization, and how far the ledger of each
-- organization is indexed (docs/adr/0031). The program makes both from the contacts; a copy leaves
-- out every table that begins with search_. Words begin with the eight digits of their organization,
-- so a prefix of eleven characters is a beginning of three letters.
CREATE VIRTUAL TABLE search_words USING fts5(
    words, content = '', contentless_delete = 1, detail = 'none', prefix = '11', tokenize = 'ascii'
);

-- Words of a changed contact are written anew. By default, a tenth of such contacts has all words
-- merged, which makes a change five times as dear.
INSERT INTO search_words (search_words, rank) VALUES ('deletemerge', 50);

CREATE TABLE search_position (
    organization_id INTEGER NOT NULL PRIMARY KEY,
    hub             INTEGER NOT NULL,
    position        INTEGER,
    mark            INTEGER,
    contact         INTEGER,
    listed_to       INTEGER,
    version         INTEGER NOT NULL,
    region          TEXT    NOT NULL
) STRICT;
