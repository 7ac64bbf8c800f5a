DROP INDEX contact_email;
ALTER TABLE contact DROP COLUMN email_hash;
CREATE INDEX contact_email ON contact (organization_id, email)
    WHERE deleted_at IS NULL AND email IS NOT NULL;
