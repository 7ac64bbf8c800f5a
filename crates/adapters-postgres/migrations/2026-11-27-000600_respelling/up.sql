-- What is stored of a value that is only spelled in another way: 'take' what was sent, or 'keep' what is
-- stored.
ALTER TABLE organization ADD COLUMN respelling text NOT NULL DEFAULT 'take';
