-- Every key of a table that grows with the contacts leads with organization_id, so that a system
-- which spreads tables can keep an organization together.

CREATE TABLE organization (
    id     integer NOT NULL PRIMARY KEY,
    name   text    NOT NULL,
    region text    NOT NULL -- ISO 3166-1 alpha-2, or XK
);

CREATE TABLE api_token (
    id            bigint      NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest        bytea       NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256
    prefix        text        NOT NULL,
    name          text        NOT NULL,
    organizations text        NOT NULL, -- '*', or a JSON array of ids
    scopes        text        NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz
);

-- Ids below next_id have been handed out, or set aside to be.
CREATE TABLE id_counter (
    singleton boolean NOT NULL PRIMARY KEY CHECK (singleton),
    next_id   bigint  NOT NULL CHECK (next_id BETWEEN 1 AND 9007199254740992) -- 2^53
);

INSERT INTO id_counter (singleton, next_id) VALUES (true, 1);

-- What is compared is compared byte by byte (COLLATE "C"): the same everywhere, and faster.
-- The document is json and not jsonb: it keeps numbers and order as they were sent, and is faster
-- to write. An update that changes no key finds room for the new row on the page of the old one, and
-- spares the indexes: a fifth of a page takes a row of 1,600 bytes (fillfactor).
CREATE TABLE contact (
    organization_id  integer     NOT NULL,
    id               bigint      NOT NULL,
    contact_type     text        NOT NULL,
    external_id      text        COLLATE "C",
    link_id          uuid,
    display_name     text        NOT NULL,
    email            text        COLLATE "C",
    phone            text        COLLATE "C",
    mobile           text        COLLATE "C",
    vat_number       text        COLLATE "C",
    archived         boolean     NOT NULL,
    is_customer      boolean     NOT NULL,
    is_vendor        boolean     NOT NULL,
    is_staff         boolean     NOT NULL,
    version          bigint      NOT NULL,
    document_version integer     NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    deleted_at       timestamptz,
    document         json        NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 80);

-- A server may be built without lz4; pglz does then.
DO $$
BEGIN
    ALTER TABLE contact ALTER COLUMN document SET COMPRESSION lz4;
EXCEPTION WHEN OTHERS THEN
    NULL;
END
$$;

-- Identity keys: unique in an organization among the living. A deleted contact owns no key.
CREATE UNIQUE INDEX contact_external_id ON contact (organization_id, external_id)
    WHERE deleted_at IS NULL AND external_id IS NOT NULL;
CREATE UNIQUE INDEX contact_link_id ON contact (organization_id, link_id)
    WHERE deleted_at IS NULL AND link_id IS NOT NULL;

-- Shared keys: with the id, so that hits come lowest id first.
CREATE INDEX contact_email ON contact (organization_id, email, id)
    WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE INDEX contact_phone ON contact (organization_id, phone, id)
    WHERE deleted_at IS NULL AND phone IS NOT NULL;
CREATE INDEX contact_mobile ON contact (organization_id, mobile, id)
    WHERE deleted_at IS NULL AND mobile IS NOT NULL;
CREATE INDEX contact_vat_number ON contact (organization_id, vat_number, id)
    WHERE deleted_at IS NULL AND vat_number IS NOT NULL;

-- The contact from_id refers to the contact to_id. A deleted contact leaves references standing.
CREATE TABLE contact_relation (
    organization_id integer NOT NULL,
    to_id           bigint  NOT NULL,
    from_id         bigint  NOT NULL,
    PRIMARY KEY (organization_id, to_id, from_id),
    FOREIGN KEY (organization_id, from_id) REFERENCES contact (organization_id, id)
);

CREATE INDEX contact_relation_from_id ON contact_relation (organization_id, from_id);

-- Further keys of a contact: those that a merge leaves. The hub's own source is ''.
CREATE TABLE contact_alias (
    organization_id integer NOT NULL,
    source          text    NOT NULL COLLATE "C" DEFAULT '',
    kind            text    NOT NULL COLLATE "C",
    value           text    NOT NULL COLLATE "C",
    contact_id      bigint  NOT NULL,
    PRIMARY KEY (organization_id, source, kind, value),
    FOREIGN KEY (organization_id, contact_id) REFERENCES contact (organization_id, id)
);

CREATE INDEX contact_alias_contact_id ON contact_alias (organization_id, contact_id);

-- What an intercom shows of a living contact that has the block: the directory that devices list,
-- filter and sort. Only contacts with the block have a row.
CREATE TABLE contact_intercom (
    organization_id integer NOT NULL,
    contact_id      bigint  NOT NULL,
    link_id         text    NOT NULL COLLATE "C", -- '' where the contact has none
    name            text    NOT NULL COLLATE "C",
    kind            text    NOT NULL COLLATE "C",
    number          text    NOT NULL COLLATE "C",
    is_favorite     boolean NOT NULL,
    auto_answer     boolean NOT NULL,
    in_black_list   boolean NOT NULL,
    is_p2p          boolean NOT NULL,
    ringtone        text    NOT NULL COLLATE "C",
    PRIMARY KEY (organization_id, contact_id),
    FOREIGN KEY (organization_id, contact_id) REFERENCES contact (organization_id, id)
);

CREATE INDEX contact_intercom_name ON contact_intercom (organization_id, name, contact_id);
