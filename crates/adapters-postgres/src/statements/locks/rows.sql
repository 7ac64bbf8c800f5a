SELECT locked.id
  FROM (
        SELECT unnest($2::bigint[]) AS id
         UNION
        SELECT c.id
          FROM unnest($3::text[]) AS wanted (external_id)
         CROSS JOIN LATERAL (
               SELECT id FROM contact
                WHERE organization_id = $1 AND external_id = wanted.external_id
                  AND deleted_at IS NULL
               OFFSET 0) AS c
         UNION
        SELECT c.id
          FROM unnest($4::uuid[]) AS wanted (link_id)
         CROSS JOIN LATERAL (
               SELECT id FROM contact
                WHERE organization_id = $1 AND link_id = wanted.link_id AND deleted_at IS NULL
               OFFSET 0) AS c
         UNION
        SELECT alias.contact_id
          FROM (
                SELECT 'ID' AS kind, unnest($2::bigint[])::text AS value
                 UNION ALL
                SELECT 'EXTERNAL_ID', unnest($3::text[])
                 UNION ALL
                SELECT 'LINK_ID', unnest($4::uuid[])::text
               ) AS wanted
         CROSS JOIN LATERAL (
               SELECT contact_id FROM contact_alias
                WHERE organization_id = $1 AND source = ''
                  AND kind = wanted.kind AND value = wanted.value
               OFFSET 0) AS alias
         WHERE EXISTS (SELECT FROM contact_alias WHERE organization_id = $1 AND source = '')
         ORDER BY id
       ) AS wanted
 CROSS JOIN LATERAL (
       SELECT id FROM contact
        WHERE organization_id = $1 AND id = wanted.id
          FOR NO KEY UPDATE) AS locked
