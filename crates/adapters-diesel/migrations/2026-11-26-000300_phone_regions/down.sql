-- The release before reads them in the organization's region again.
UPDATE organization
   SET settings_version = settings_version + 1,
       filling = CASE WHEN filling = 'none' THEN 'phone'
                      WHEN filling LIKE '%phone%' THEN filling
                      ELSE filling || ',phone' END,
       filled_to = 0,
       filled_count = 0,
       to_fill = (SELECT count(*) FROM contact WHERE organization_id = organization.id)
 WHERE match_by LIKE '%phone%';
