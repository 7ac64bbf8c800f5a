-- A phone number without its country is one of the contact's region (docs/matching.md), and was one
-- of the organization's. So the phone keys are filled anew where an organization matches by them.
UPDATE organization
   SET settings_version = settings_version + 1,
       filling = CASE WHEN filling = 'none' THEN 'phone'
                      WHEN filling LIKE '%phone%' THEN filling
                      ELSE filling || ',phone' END,
       filled_to = 0,
       filled_count = 0,
       to_fill = (SELECT count(*) FROM contact WHERE organization_id = organization.id)
 WHERE match_by LIKE '%phone%';
