DELETE FROM contact_alias WHERE kind = 'ID';
