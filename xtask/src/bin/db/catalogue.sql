-- A line for each thing that can be made in a database, rows apart.
WITH ours AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
),
relation AS (
    SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
)
SELECT format('schema %I', nspname) FROM ours
UNION ALL
SELECT format('extension %I %s', extname, extversion) FROM pg_extension
UNION ALL
SELECT format('relation %s: kind %s, persistence %s, %s, access %s, comment %s', name, relkind,
              relpersistence, reloptions, relacl, obj_description(oid, 'pg_class'))
FROM relation
UNION ALL
SELECT format('column %s.%I: %s, not null %s, default %s, collation %s, identity %s, generated %s, '
              'storage %s, compression %s, statistics %s, comment %s', r.name, a.attname,
              format_type(a.atttypid, a.atttypmod), a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid), nullif(a.attcollation, 0)::regcollation,
              a.attidentity, a.attgenerated, a.attstorage, a.attcompression, a.attstattarget,
              col_description(a.attrelid, a.attnum))
FROM pg_attribute a
JOIN relation r ON r.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind NOT IN ('i', 'I')
UNION ALL
SELECT format('index %s: %s, valid %s', r.name, pg_get_indexdef(i.indexrelid), i.indisvalid)
FROM pg_index i JOIN relation r ON r.oid = i.indexrelid
UNION ALL
SELECT format('constraint %I of %s: %s, valid %s', c.conname, c.conrelid::regclass,
              pg_get_constraintdef(c.oid), c.convalidated)
FROM pg_constraint c JOIN ours n ON n.oid = c.connamespace
UNION ALL
SELECT format('trigger %I: %s, enabled %s', t.tgname, pg_get_triggerdef(t.oid), t.tgenabled)
FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid
WHERE NOT t.tgisinternal
UNION ALL
SELECT format('view %s: %s', name, pg_get_viewdef(oid)) FROM relation WHERE relkind IN ('v', 'm')
UNION ALL
SELECT format('sequence %s: %s from %s by %s, %s to %s, cache %s, cycle %s', r.name,
              s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
              s.seqcycle)
FROM pg_sequence s JOIN relation r ON r.oid = s.seqrelid
UNION ALL
SELECT format('type %I.%I: kind %s, base %s, labels %s', n.nspname, t.typname, t.typtype,
              nullif(t.typbasetype, 0)::regtype,
              (SELECT array_agg(enumlabel ORDER BY enumsortorder)
               FROM pg_enum WHERE enumtypid = t.oid))
FROM pg_type t JOIN ours n ON n.oid = t.typnamespace
WHERE t.typtype IN ('d', 'e', 'r')
UNION ALL
SELECT format('function %s', pg_get_functiondef(p.oid))
FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p')
UNION ALL
SELECT format('statistics %s', pg_get_statisticsobjdef(s.oid))
FROM pg_statistic_ext s JOIN ours n ON n.oid = s.stxnamespace
