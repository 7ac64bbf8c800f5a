-- The service writes valid JSON, `contact-hub check` reads all of it, and checking a document again
-- took a fifth of the time of an insert. SQLite allows this edit of a table's text: it changes
-- neither rows nor indexes (https://www.sqlite.org/lang_altertable.html, section 8).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
   SET sql = replace(sql, ' CHECK (json_valid(document))', '')
 WHERE type = 'table' AND name = 'contact';
PRAGMA writable_schema = RESET;
