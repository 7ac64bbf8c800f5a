INSERT INTO contact_intercom (
       organization_id, contact_id, link_id, name, kind, number,
       is_favorite, auto_answer, in_black_list, is_p2p, ringtone)
SELECT $1, new.*
  FROM unnest(
       $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
       $7::boolean[], $8::boolean[], $9::boolean[], $10::boolean[], $11::text[]) AS new
    ON CONFLICT (organization_id, contact_id) DO UPDATE
   SET link_id = excluded.link_id,
       name = excluded.name,
       kind = excluded.kind,
       number = excluded.number,
       is_favorite = excluded.is_favorite,
       auto_answer = excluded.auto_answer,
       in_black_list = excluded.in_black_list,
       is_p2p = excluded.is_p2p,
       ringtone = excluded.ringtone
