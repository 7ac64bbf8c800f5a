-- Contacts are looked up by a hash of the e-mail address: the entries of its index are much shorter, and
-- they come in no order (docs/adr/0035). The program fills the column.
ALTER TABLE contact ADD COLUMN email_hash INTEGER;

DROP INDEX contact_email;
CREATE INDEX contact_email ON contact (organization_id, email_hash)
    WHERE deleted_at IS NULL AND email_hash IS NOT NULL;
