SELECT owner.id
  FROM unnest($2::text[]) AS wanted (email)
 CROSS JOIN LATERAL (
       SELECT id FROM contact
        WHERE organization_id = $1 AND email = wanted.email AND deleted_at IS NULL
        ORDER BY id LIMIT $5) AS owner
 UNION
SELECT owner.id
  FROM unnest($3::text[]) AS wanted (phone)
 CROSS JOIN LATERAL (
       SELECT either.id
         FROM (
               (SELECT id FROM contact
                 WHERE organization_id = $1 AND phone = wanted.phone AND deleted_at IS NULL
                 ORDER BY id LIMIT $5)
                UNION
               (SELECT id FROM contact
                 WHERE organization_id = $1 AND mobile = wanted.phone AND deleted_at IS NULL
                 ORDER BY id LIMIT $5)
              ) AS either
        ORDER BY either.id LIMIT $5) AS owner
 UNION
SELECT owner.id
  FROM unnest($4::text[]) AS wanted (vat_number)
 CROSS JOIN LATERAL (
       SELECT id FROM contact
        WHERE organization_id = $1 AND vat_number = wanted.vat_number AND deleted_at IS NULL
        ORDER BY id LIMIT $5) AS owner
