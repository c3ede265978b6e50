create type ves.reencrypt_step as (
  scanned bigint,
  updated bigint,
  skipped_current_key bigint,
  next_cursor jsonb
);

comment on type ves.reencrypt_step is
'What one batch of a re-encryption did. updated counts what would be updated in a dry run; next_cursor goes into the next call, null when there is nothing more.';
