create or replace function ves.list_signers()
returns table (
  signer_id integer, sequencer_id uuid, key_version integer, algorithm text, public_key bytea,
  registered_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select s.signer_id, s.sequencer_id, s.key_version, s.algorithm, s.public_key, s.registered_at
  from ves_store.signers as s
  order by s.signer_id;
$$;

comment on function ves.list_signers() is
'Every sequencer identity that ever issued receipts, with the key that they verify under: public_key is null for algorithm none (VES 11).';
