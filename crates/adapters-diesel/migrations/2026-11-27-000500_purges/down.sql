DROP INDEX contact_deleted_at;
DROP TABLE purged_contact;
