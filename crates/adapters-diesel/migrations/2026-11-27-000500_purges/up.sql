-- What is left of a purged contact: the run that changed it last, for the change feed, and when it was
-- purged, for answers to requests from before. It goes with that run.
CREATE TABLE purged_contact (
    organization_id INTEGER NOT NULL,
    contact_id      INTEGER NOT NULL,
    run_id          INTEGER NOT NULL,
    purged_at       INTEGER NOT NULL,
    PRIMARY KEY (organization_id, contact_id)
) STRICT, WITHOUT ROWID;

-- Deleted contacts in the order in which they are purged. The condition hides it from lists, which sort
-- by other columns.
CREATE INDEX contact_deleted_at ON contact (organization_id, deleted_at) WHERE deleted_at > 0;
