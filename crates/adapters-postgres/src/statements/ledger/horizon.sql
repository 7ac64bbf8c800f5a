WITH locks AS MATERIALIZED (
       SELECT locktype, virtualtransaction, transactionid, database, classid, objid, objsubid
         FROM pg_locks
        WHERE granted AND (locktype = 'advisory'
           OR locktype = 'transactionid' AND mode = 'ExclusiveLock')),
       adding AS (
       SELECT virtualtransaction
         FROM locks
        WHERE locktype = 'advisory' AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid = $1::integer::oid AND objid = 4294967295),
       running AS (
       SELECT number::text::bigint AS number, transactionid IS NULL AS has_ended,
              virtualtransaction IN (SELECT virtualtransaction FROM adding) AS is_adding
         FROM pg_snapshot_xip(pg_current_snapshot()) AS number
         LEFT JOIN locks ON locktype = 'transactionid' AND transactionid = number::xid),
       present AS (
       SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS first_unknown,
              min(number) FILTER (WHERE is_adding OR has_ended) AS oldest_running,
              coalesce(bool_or(has_ended), false) AS have_ended
         FROM running),
       newest AS (
       SELECT position, position / 64 AS number, added FROM run
        WHERE organization_id = $1
        ORDER BY position DESC LIMIT 1),
       horizon AS (
       SELECT coalesce(
                  (SELECT CASE WHEN newest.number - newest.added >= present.first_unknown
                               THEN newest.position + 1
                               ELSE (coalesce(present.oldest_running, present.first_unknown)
                                    + newest.added) * 64
                          END
                     FROM newest),
                  0) AS position
         FROM present)
