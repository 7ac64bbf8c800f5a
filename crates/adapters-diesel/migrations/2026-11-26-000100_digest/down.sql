ALTER TABLE contact DROP COLUMN digest;
