DROP INDEX contact_intercom_sort_key;
ALTER TABLE contact_intercom DROP COLUMN sort_key;
