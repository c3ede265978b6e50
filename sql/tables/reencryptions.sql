create table ves_store.reencryptions (
  transaction_id xid8 not null,
  constraint reencryptions_pkey primary key (transaction_id)
);

comment on table ves_store.reencryptions is 'Transactions that may replace the ciphertext of stored payloads and proofs now. A re-encrypting function writes its row before its update and deletes it after, so no session can give itself the right.';
comment on column ves_store.reencryptions.transaction_id is 'pg_current_xact_id() of the function''s transaction.';
