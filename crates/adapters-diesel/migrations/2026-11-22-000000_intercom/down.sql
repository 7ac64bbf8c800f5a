DROP TABLE contact_intercom;
