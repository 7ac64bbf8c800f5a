-- Sorts entries by name as people do. The program fills it: '' is the key of no name.
ALTER TABLE contact_intercom ADD COLUMN sort_key text NOT NULL DEFAULT '' COLLATE "C";

CREATE INDEX contact_intercom_sort_key
    ON contact_intercom (organization_id, sort_key, contact_id);
