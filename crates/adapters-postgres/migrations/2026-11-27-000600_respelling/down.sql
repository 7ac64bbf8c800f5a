ALTER TABLE organization DROP COLUMN respelling;
