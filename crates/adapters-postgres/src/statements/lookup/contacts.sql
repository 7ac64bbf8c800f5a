SELECT {columns},
       found.alias_kind, found.alias_value
  FROM (
        SELECT c.*, NULL::text AS alias_kind, NULL::text AS alias_value
          FROM unnest($2::bigint[]) AS wanted (id)
         CROSS JOIN LATERAL (
               SELECT * FROM contact
                WHERE organization_id = $1 AND id = wanted.id AND deleted_at IS NULL
               OFFSET 0) AS c
         UNION ALL
        SELECT c.*, NULL, NULL
          FROM unnest($3::text[]) AS wanted (external_id)
         CROSS JOIN LATERAL (
               SELECT * FROM contact
                WHERE organization_id = $1 AND external_id = wanted.external_id
                  AND deleted_at IS NULL
               OFFSET 0) AS c
         WHERE c.id NOT IN (SELECT unnest($2::bigint[]))
         UNION ALL
        SELECT c.*, NULL, NULL
          FROM unnest($4::uuid[]) AS wanted (link_id)
         CROSS JOIN LATERAL (
               SELECT * FROM contact
                WHERE organization_id = $1 AND link_id = wanted.link_id AND deleted_at IS NULL
               OFFSET 0) AS c
         WHERE c.id NOT IN (SELECT unnest($2::bigint[]))
           AND (c.external_id IS NULL OR c.external_id NOT IN (SELECT unnest($3::text[])))
         UNION ALL
        SELECT c.*, alias.kind, alias.value
          FROM (
                SELECT 'EXTERNAL_ID' AS kind, unnest($3::text[]) AS value
                 UNION ALL
                SELECT 'LINK_ID', unnest($4::uuid[])::text
               ) AS wanted
         CROSS JOIN LATERAL (
               SELECT kind, value, contact_id FROM contact_alias
                WHERE organization_id = $1 AND source = ''
                  AND kind = wanted.kind AND value = wanted.value
               OFFSET 0) AS alias
         CROSS JOIN LATERAL (
               SELECT * FROM contact
                WHERE organization_id = $1 AND id = alias.contact_id AND deleted_at IS NULL
               OFFSET 0) AS c
         WHERE EXISTS (SELECT FROM contact_alias WHERE organization_id = $1 AND source = '')
       ) AS found
