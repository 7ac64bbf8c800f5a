-- The settings that decide which keys the contacts of an organization have. Organizations that are
-- there match by what they matched by before: every shared key, and every contact has them.
ALTER TABLE organization
    ADD COLUMN settings_version bigint NOT NULL DEFAULT 1,
    ADD COLUMN match_by text NOT NULL DEFAULT 'email,phone,vatNumber',
    -- The keys that contacts are being stored with or lose, 'none' where all is done; the highest id
    -- that is done, the number of contacts that are done, and of all when it began.
    ADD COLUMN filling text NOT NULL DEFAULT 'none',
    ADD COLUMN filled_to bigint NOT NULL DEFAULT 0,
    ADD COLUMN filled_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN to_fill bigint NOT NULL DEFAULT 0;
