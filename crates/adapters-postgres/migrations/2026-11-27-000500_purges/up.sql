-- What is left of a purged contact: the run that changed it last, for the change feed, and when it was
-- purged, for answers to requests from before. It goes with that run.
CREATE TABLE purged_contact (
    organization_id integer     NOT NULL,
    contact_id      bigint      NOT NULL,
    run_id          bigint      NOT NULL,
    purged_at       timestamptz NOT NULL,
    PRIMARY KEY (organization_id, contact_id)
);

-- Deleted contacts in the order in which they are purged. The condition on the sort_key hides it from
-- the look-ups of batches.
CREATE INDEX contact_deleted_at ON contact (organization_id, deleted_at)
    WHERE deleted_at IS NOT NULL AND sort_key <> '';
