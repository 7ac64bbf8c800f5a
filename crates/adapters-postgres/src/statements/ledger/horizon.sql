WITH locks AS MATERIALIZED (
       SELECT locktype, virtualtransaction, transactionid, database, classid, objid, objsubid
         FROM pg_locks
        WHERE locktype IN ('transactionid', 'advisory') AND granted),
       adding AS (
       SELECT virtualtransaction
         FROM locks
        WHERE locktype = 'advisory' AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid = $1::integer::oid AND objid = 4294967295),
       others AS (
       SELECT transactionid
         FROM locks
        WHERE locktype = 'transactionid'
          AND virtualtransaction NOT IN (SELECT virtualtransaction FROM adding)),
       present AS (
       SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS first_unknown,
              (SELECT min(running::text::bigint)
                 FROM pg_snapshot_xip(pg_current_snapshot()) AS running
                WHERE running::xid NOT IN (SELECT transactionid FROM others)) AS oldest_running),
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
