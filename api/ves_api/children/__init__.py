"""Child processes for what would hold the event loop or its interpreter lock: large bodies, schemas, proofs."""
