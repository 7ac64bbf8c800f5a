DROP INDEX contact_deleted_by_creation;
DROP INDEX contact_deleted_by_name;
DROP INDEX contact_deleted_by_id;
DROP INDEX contact_by_creation;
DROP INDEX contact_by_name;
ALTER TABLE contact DROP COLUMN tags, DROP COLUMN countries, DROP COLUMN sort_key;
