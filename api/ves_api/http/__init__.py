"""Routes by area. A handler authenticates, decodes, calls one gateway function and encodes."""
