-- The id of a merged contact leads where its other keys lead. Of merges by earlier releases, only the
-- other keys are known: each belonged to the contact that was deleted last with it.
INSERT INTO contact_alias (organization_id, source, kind, value, contact_id)
SELECT organization_id, '', 'ID', id::text, contact_id
  FROM (SELECT merged.organization_id, merged.id, alias.contact_id,
               row_number() OVER (PARTITION BY alias.organization_id, alias.kind, alias.value
                                  ORDER BY merged.deleted_at DESC, merged.id DESC) AS place
          FROM (SELECT organization_id, id, deleted_at, 'EXTERNAL_ID' AS kind, external_id AS value
                  FROM contact
                 WHERE deleted_at IS NOT NULL AND external_id IS NOT NULL
                 UNION ALL
                SELECT organization_id, id, deleted_at, 'LINK_ID', link_id::text
                  FROM contact
                 WHERE deleted_at IS NOT NULL AND link_id IS NOT NULL) AS merged
          JOIN contact_alias AS alias
            ON alias.organization_id = merged.organization_id AND alias.source = ''
           AND alias.kind = merged.kind AND alias.value = merged.value) AS latest
 WHERE place = 1
    ON CONFLICT DO NOTHING;
