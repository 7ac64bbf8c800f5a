-- What lists of contacts are sorted and filtered by. The program fills the columns: '' is the key of
-- no name.
ALTER TABLE contact
    ADD COLUMN sort_key  text NOT NULL DEFAULT '' COLLATE "C",
    ADD COLUMN countries text NOT NULL DEFAULT '' COLLATE "C",
    ADD COLUMN tags      text NOT NULL DEFAULT '' COLLATE "C";

-- One index for each order; the primary key is that of the ids. Filters are applied while it is walked.
-- Deleted contacts have indexes of their own, so that neither list walks over the other. Every contact
-- has a sort_key: only lists ask for that, so no look-up of a batch that was planned on an empty table
-- uses these indexes.
CREATE INDEX contact_by_name ON contact (organization_id, sort_key, id)
    WHERE deleted_at IS NULL AND sort_key <> '';
CREATE INDEX contact_by_creation ON contact (organization_id, created_at, id)
    WHERE deleted_at IS NULL AND sort_key <> '';
CREATE INDEX contact_deleted_by_id ON contact (organization_id, id)
    WHERE deleted_at IS NOT NULL AND sort_key <> '';
CREATE INDEX contact_deleted_by_name ON contact (organization_id, sort_key, id)
    WHERE deleted_at IS NOT NULL AND sort_key <> '';
CREATE INDEX contact_deleted_by_creation ON contact (organization_id, created_at, id)
    WHERE deleted_at IS NOT NULL AND sort_key <> '';
