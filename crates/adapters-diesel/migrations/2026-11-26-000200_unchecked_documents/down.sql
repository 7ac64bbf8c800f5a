PRAGMA writable_schema = ON;
UPDATE sqlite_schema
   SET sql = replace(sql, 'document         TEXT    NOT NULL',
                          'document         TEXT    NOT NULL CHECK (json_valid(document))')
 WHERE type = 'table' AND name = 'contact';
PRAGMA writable_schema = RESET;
