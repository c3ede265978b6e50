"""Routes by area. A handler authenticates, decodes, makes one call of the database and encodes."""
