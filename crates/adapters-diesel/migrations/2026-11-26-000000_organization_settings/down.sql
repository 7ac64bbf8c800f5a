ALTER TABLE organization DROP COLUMN to_fill;
ALTER TABLE organization DROP COLUMN filled_count;
ALTER TABLE organization DROP COLUMN filled_to;
ALTER TABLE organization DROP COLUMN filling;
ALTER TABLE organization DROP COLUMN match_by;
ALTER TABLE organization DROP COLUMN settings_version;
