INSERT INTO contact AS stored (
       organization_id, id, contact_type, external_id, link_id, display_name,
       email, phone, mobile, vat_number, archived, is_customer, is_vendor, is_staff,
       version, document_version, created_at, updated_at, deleted_at, document)
SELECT $1, new.*
  FROM unnest(
       $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::text[],
       $7::text[], $8::text[], $9::text[], $10::text[],
       $11::boolean[], $12::boolean[], $13::boolean[], $14::boolean[],
       $15::bigint[], $16::integer[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[],
       $20::json[]) AS new
    ON CONFLICT (organization_id, id) DO UPDATE
   SET contact_type = excluded.contact_type,
       external_id = excluded.external_id,
       link_id = excluded.link_id,
       display_name = excluded.display_name,
       email = excluded.email,
       phone = excluded.phone,
       mobile = excluded.mobile,
       vat_number = excluded.vat_number,
       archived = excluded.archived,
       is_customer = excluded.is_customer,
       is_vendor = excluded.is_vendor,
       is_staff = excluded.is_staff,
       version = excluded.version,
       document_version = excluded.document_version,
       updated_at = excluded.updated_at,
       deleted_at = excluded.deleted_at,
       document = excluded.document
 WHERE (stored.id, stored.version) IN (SELECT * FROM unnest($2::bigint[], $21::bigint[]))
