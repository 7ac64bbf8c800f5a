ALTER TABLE api_token DROP COLUMN last_used_at;
DROP INDEX api_token_replaces;
ALTER TABLE api_token DROP COLUMN replaces;
