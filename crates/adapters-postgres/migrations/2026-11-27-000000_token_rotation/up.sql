-- The token of the same client that a token replaces; only one that is not revoked does.
ALTER TABLE api_token ADD COLUMN replaces bigint;
CREATE UNIQUE INDEX api_token_replaces ON api_token (replaces)
    WHERE replaces IS NOT NULL AND revoked_at IS NULL;

ALTER TABLE api_token ADD COLUMN last_used_at timestamptz;
