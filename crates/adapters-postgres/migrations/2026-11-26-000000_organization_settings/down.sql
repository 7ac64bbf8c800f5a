ALTER TABLE organization
    DROP COLUMN to_fill,
    DROP COLUMN filled_count,
    DROP COLUMN filled_to,
    DROP COLUMN filling,
    DROP COLUMN match_by,
    DROP COLUMN settings_version;
