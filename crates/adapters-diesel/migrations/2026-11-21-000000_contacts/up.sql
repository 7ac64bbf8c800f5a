-- Times are microseconds since 1970-01-01T00:00:00Z.

CREATE TABLE organization (
    id     INTEGER NOT NULL PRIMARY KEY,
    name   TEXT    NOT NULL,
    region TEXT    NOT NULL -- ISO 3166-1 alpha-2, or XK
) STRICT;

CREATE TABLE api_token (
    id            INTEGER NOT NULL PRIMARY KEY,
    digest        BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256
    prefix        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    organizations TEXT    NOT NULL CHECK (organizations = '*' OR json_valid(organizations)),
    scopes        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER
) STRICT;

-- Ids below next_id have been handed out, or set aside to be.
CREATE TABLE id_counter (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    next_id   INTEGER NOT NULL CHECK (next_id BETWEEN 1 AND 9007199254740992) -- 2^53
) STRICT;

INSERT INTO id_counter (singleton, next_id) VALUES (1, 1);

-- The document comes last: what lies before it is read without it.
CREATE TABLE contact (
    id               INTEGER NOT NULL PRIMARY KEY,
    organization_id  INTEGER NOT NULL,
    contact_type     TEXT    NOT NULL,
    external_id      TEXT,
    link_id          TEXT,
    display_name     TEXT    NOT NULL,
    email            TEXT,
    phone            TEXT,
    mobile           TEXT,
    vat_number       TEXT,
    archived         INTEGER NOT NULL,
    is_customer      INTEGER NOT NULL,
    is_vendor        INTEGER NOT NULL,
    is_staff         INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    document_version INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    deleted_at       INTEGER,
    document         TEXT    NOT NULL CHECK (json_valid(document))
) STRICT;

-- Identity keys: unique in an organization among the living. A deleted contact owns no key.
CREATE UNIQUE INDEX contact_external_id ON contact (organization_id, external_id)
    WHERE deleted_at IS NULL AND external_id IS NOT NULL;
CREATE UNIQUE INDEX contact_link_id ON contact (organization_id, link_id)
    WHERE deleted_at IS NULL AND link_id IS NOT NULL;

-- Shared keys: the id of a row follows by itself, so that hits come lowest id first.
CREATE INDEX contact_email ON contact (organization_id, email)
    WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE INDEX contact_phone ON contact (organization_id, phone)
    WHERE deleted_at IS NULL AND phone IS NOT NULL;
CREATE INDEX contact_mobile ON contact (organization_id, mobile)
    WHERE deleted_at IS NULL AND mobile IS NOT NULL;
CREATE INDEX contact_vat_number ON contact (organization_id, vat_number)
    WHERE deleted_at IS NULL AND vat_number IS NOT NULL;

-- The contact from_id refers to the contact to_id. A deleted contact leaves references standing.
CREATE TABLE contact_relation (
    organization_id INTEGER NOT NULL,
    to_id           INTEGER NOT NULL,
    from_id         INTEGER NOT NULL REFERENCES contact (id),
    PRIMARY KEY (organization_id, to_id, from_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_relation_from_id ON contact_relation (organization_id, from_id);

-- Further keys of a contact: those that a merge leaves. The hub's own source is ''.
CREATE TABLE contact_alias (
    organization_id INTEGER NOT NULL,
    source          TEXT    NOT NULL DEFAULT '',
    kind            TEXT    NOT NULL,
    value           TEXT    NOT NULL,
    contact_id      INTEGER NOT NULL REFERENCES contact (id),
    PRIMARY KEY (organization_id, source, kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_alias_contact_id ON contact_alias (organization_id, contact_id);
