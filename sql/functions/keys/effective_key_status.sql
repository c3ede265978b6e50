-- The same judgement as in ves.ingest_events, which has it written out: revoked, not yet, expired, in this
-- order.
create or replace function ves_int.effective_key_status(
  status text, revoked_at timestamptz, valid_from timestamptz, valid_to timestamptz, expires_at timestamptz,
  at timestamptz
)
returns text
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case
    when status = 'revoked' or revoked_at <= at then 'revoked'
    when at < valid_from then 'not_yet_valid'
    when at > valid_to then 'expired'
    when at >= expires_at then 'in_grace'
    else 'active'
  end;
$$;

comment on function ves_int.effective_key_status(text, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) is
'Status of a key row at an instant: active, not_yet_valid, expired, revoked or in_grace; both ends of the window are inside it (VES 6.2).';
