DROP INDEX contact_deleted_by_creation;
DROP INDEX contact_deleted_by_id;
DROP INDEX contact_by_creation;
DROP INDEX contact_by_id;
ALTER TABLE contact DROP COLUMN tags;
ALTER TABLE contact DROP COLUMN countries;
ALTER TABLE contact DROP COLUMN sort_key;
