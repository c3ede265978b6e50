"""The ingest path: prepare, coalesce, sign, keep receipts, and the caches of agent keys and schemas."""
