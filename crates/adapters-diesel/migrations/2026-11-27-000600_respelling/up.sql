-- What is stored of a value that is only spelled in another way: 'take' what was sent, or 'keep' what is
-- stored.
ALTER TABLE organization ADD COLUMN respelling TEXT NOT NULL DEFAULT 'take';
