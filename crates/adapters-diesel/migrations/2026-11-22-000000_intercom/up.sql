-- What an intercom shows of a living contact that has the block: the directory that devices list,
-- filter and sort. Only contacts with the block have a row.
CREATE TABLE contact_intercom (
    organization_id INTEGER NOT NULL,
    contact_id      INTEGER NOT NULL REFERENCES contact (id),
    link_id         TEXT    NOT NULL, -- '' where the contact has none
    name            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    is_favorite     INTEGER NOT NULL,
    auto_answer     INTEGER NOT NULL,
    in_black_list   INTEGER NOT NULL,
    is_p2p          INTEGER NOT NULL,
    ringtone        TEXT    NOT NULL,
    PRIMARY KEY (organization_id, contact_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_intercom_name ON contact_intercom (organization_id, name, contact_id);

-- The blocks that contacts have already. An empty member counts as its default.
INSERT INTO contact_intercom
SELECT organization_id,
       id,
       coalesce(link_id, ''),
       coalesce(document ->> '$.intercom.name', ''),
       coalesce(document ->> '$.intercom.type', ''),
       coalesce(document ->> '$.intercom.number', ''),
       coalesce(document ->> '$.intercom.isFavorite', 0),
       coalesce(document ->> '$.intercom.autoAnswer', 0),
       coalesce(document ->> '$.intercom.inBlackList', 0),
       coalesce(document ->> '$.intercom.isP2p', 0),
       coalesce(document ->> '$.intercom.ringtone', 'ring1.wav')
  FROM contact
 WHERE deleted_at IS NULL
   AND json_type(document, '$.intercom') = 'object';
