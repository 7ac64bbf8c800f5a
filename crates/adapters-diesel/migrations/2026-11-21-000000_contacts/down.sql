DROP TABLE contact_alias;
DROP TABLE contact_relation;
DROP TABLE contact;
DROP TABLE id_counter;
DROP TABLE api_token;
DROP TABLE organization;
