-- Recognizes an item that is sent again byte for byte (docs/adr/0017). NULL: not known.
ALTER TABLE contact ADD COLUMN digest BLOB;
