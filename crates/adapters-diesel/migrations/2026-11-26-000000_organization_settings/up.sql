-- The settings that decide which keys the contacts of an organization have. Organizations that are
-- there match by what they matched by before: every shared key, and every contact has them.
ALTER TABLE organization ADD COLUMN settings_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE organization ADD COLUMN match_by TEXT NOT NULL DEFAULT 'email,phone,vatNumber';

-- The keys that contacts are being stored with or lose, 'none' where all is done; the highest id
-- that is done, the number of contacts that are done, and of all when it began.
ALTER TABLE organization ADD COLUMN filling TEXT NOT NULL DEFAULT 'none';
ALTER TABLE organization ADD COLUMN filled_to INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organization ADD COLUMN filled_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organization ADD COLUMN to_fill INTEGER NOT NULL DEFAULT 0;
