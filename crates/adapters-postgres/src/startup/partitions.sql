WITH plain AS (
       SELECT c.oid, c.relname, array_to_string(c.reloptions, ', ') AS options
         FROM pg_class AS c
         JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts > 1
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1)
          AND c.relkind = 'r' AND a.attname = 'organization_id'),
       referring AS (
       SELECT conrelid::regclass AS relation, conname, pg_get_constraintdef(oid) AS definition
         FROM pg_constraint
        WHERE contype = 'f' AND conparentid = 0
          AND (conrelid IN (SELECT oid FROM plain) OR confrelid IN (SELECT oid FROM plain))),
       steps (step, name, statement) AS (
       SELECT 1, conname, format('ALTER TABLE %s DROP CONSTRAINT %I', relation, conname)
         FROM referring
        UNION ALL
       SELECT 2, relname, format('CREATE TABLE partitioned_%s (LIKE %I INCLUDING ALL EXCLUDING INDEXES)
                                  PARTITION BY HASH (organization_id)', relname, relname)
         FROM plain
        UNION ALL
       SELECT 3, relname, format('CREATE TABLE %s_%s PARTITION OF partitioned_%s
                                  FOR VALUES WITH (MODULUS %s, REMAINDER %s) %s', relname, remainder,
                                 relname, $2, remainder, 'WITH (' || options || ')')
         FROM plain CROSS JOIN generate_series(0, $2 - 1) AS remainder
        UNION ALL
       SELECT 4, relname, format('INSERT INTO partitioned_%s SELECT * FROM %I', relname, relname)
         FROM plain
        UNION ALL
       SELECT 5, relname, format('DROP TABLE %I', relname) FROM plain
        UNION ALL
       SELECT 6, relname, format('ALTER TABLE partitioned_%s RENAME TO %I', relname, relname)
         FROM plain
        UNION ALL
       SELECT 7, conname, format('ALTER TABLE %I ADD CONSTRAINT %I %s', relname, conname,
                                 pg_get_constraintdef(c.oid))
         FROM pg_constraint AS c JOIN plain ON plain.oid = conrelid
        WHERE contype IN ('p', 'u')
        UNION ALL
       SELECT 8, relname, pg_get_indexdef(indexrelid)
         FROM pg_index JOIN plain ON plain.oid = indrelid
        WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
        UNION ALL
       SELECT 9, conname, format('ALTER TABLE %s ADD CONSTRAINT %I %s', relation, conname, definition)
         FROM referring)
SELECT statement FROM steps ORDER BY step, name, statement
