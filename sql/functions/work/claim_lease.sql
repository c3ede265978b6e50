create or replace function ves.claim_lease(name text, holder text, seconds double precision default 30)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_until constant timestamptz := v_now + greatest(least(seconds, 86400), 0) * interval '1 second';
  v_token bigint;
begin
  if coalesce(octet_length(claim_lease.name) not between 1 and 128, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "name"}');
  end if;
  if coalesce(octet_length(claim_lease.holder) not between 1 and 128, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "holder"}');
  end if;
  insert into ves_store.leases as l (name, token, holder, claimed_at, renewed_at, expires_at)
  values (claim_lease.name, 1, claim_lease.holder, v_now, v_now, v_until)
  on conflict (name) do update set
    token = l.token + 1, holder = excluded.holder, claimed_at = v_now, renewed_at = v_now, expires_at = v_until
  where l.expires_at is null or l.expires_at <= v_now
  returning l.token into v_token;
  return v_token;
end
$$;

comment on function ves.claim_lease(text, text, double precision) is
'Takes a lease for up to 86,400 seconds if it is free or expired: its fencing token, greater than every earlier one; null while another holds it. Errors: VE007.';
