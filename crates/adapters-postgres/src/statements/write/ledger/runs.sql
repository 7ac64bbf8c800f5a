WITH newest AS (
       SELECT position / 64 AS number, added FROM run
        WHERE organization_id = $1
        ORDER BY position DESC LIMIT 1),
       own AS (
       SELECT pg_current_xact_id()::text::bigint AS number,
              pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS first_unknown),
       shift AS (
       SELECT own.number,
              coalesce(
                  (SELECT CASE WHEN newest.number - added < own.first_unknown THEN added
                               ELSE newest.number + 1 - own.number END
                     FROM newest),
                  0) AS added
         FROM own)
INSERT INTO run (organization_id, id, position, added, api, token, source, at,
                 created, updated, deleted, merged, restored, undoes)
SELECT $1, new.id, (shift.number + shift.added) * 64 + new.place - 1, shift.added, new.api, new.token,
       new.source, new.at, new.created, new.updated, new.deleted, new.merged, new.restored, new.undoes
  FROM shift
 CROSS JOIN unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[],
                   $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
       WITH ORDINALITY
    AS new (id, api, token, source, at, created, updated, deleted, merged, restored, undoes, place)
    ON CONFLICT DO NOTHING
