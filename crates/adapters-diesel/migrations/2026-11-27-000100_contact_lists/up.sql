-- What lists of contacts are sorted and filtered by. The program fills the columns: '' is the key of
-- no name.
ALTER TABLE contact ADD COLUMN sort_key TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN countries TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN tags TEXT NOT NULL DEFAULT '';

-- An index for each order but that of names; it ends with the id of the row. Filters are applied while
-- it is walked. Deleted contacts have indexes of their own, so that neither list walks over the other.
CREATE INDEX contact_by_id ON contact (organization_id) WHERE deleted_at IS NULL;
CREATE INDEX contact_by_creation ON contact (organization_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX contact_deleted_by_id ON contact (organization_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX contact_deleted_by_creation ON contact (organization_id, created_at)
    WHERE deleted_at IS NOT NULL;
