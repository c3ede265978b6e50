-- One pass in chain order; a row is compared with the one before it and with its own hash.
create or replace function ves_int.check_audit_chain(tenant_id uuid)
returns table (number bigint, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  with linked as (
    select a.number, a.hash, a.previous_hash, ves_int.audit_hash(a) as recomputed,
      lag(a.number, 1, 0::bigint) over chain as number_before,
      lag(a.hash, 1, decode(repeat('00', 32), 'hex')) over chain as hash_before
    from ves_store.audit_log as a
    where a.tenant_id = check_audit_chain.tenant_id
    window chain as (order by a.number)
  ),
  newest as (
    select l.number, l.hash from linked as l order by l.number desc limit 1
  )
  select l.number, format('entries %s to %s are missing', l.number_before + 1, l.number - 1)
  from linked as l where l.number <> l.number_before + 1
  union all
  select l.number, 'the entry does not have its hash'
  from linked as l where l.hash <> l.recomputed
  union all
  select l.number, 'the entry does not follow from the one before it'
  from linked as l where l.previous_hash <> l.hash_before
  union all
  select coalesce(n.number, 0),
    case
      when h.number is null then 'the chain has no head'
      when h.number > coalesce(n.number, 0) then format('entries %s to %s are missing', coalesce(n.number, 0) + 1, h.number)
      else 'the newest entry is not the chain''s head'
    end
  from (select 1) as one
  left join newest as n on true
  left join ves_store.audit_heads as h on h.tenant_id = check_audit_chain.tenant_id
  where h.number is distinct from n.number and not (n.number is null and coalesce(h.number, 0) = 0)
    or h.hash <> n.hash;
$$;

comment on function ves_int.check_audit_chain(uuid) is
'What is wrong with a tenant''s audit chain: missing numbers, an entry that was changed, a link that does not fit, a head that is not the newest entry. Used by ves.verify_audit.';
