create or replace function ves_int.check_numbering(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
  with numbers as (
    select e.sequence_number from ves_store.ves_events as e
    where e.tenant_id = check_numbering.tenant_id and e.store_id = check_numbering.store_id
      and e.sequence_number between from_sequence and to_sequence
    union all
    -- closes a gap at the end of the range
    select to_sequence + 1
    from (
      select e.sequence_number from ves_store.ves_events as e
      where e.tenant_id = check_numbering.tenant_id and e.store_id = check_numbering.store_id
      order by e.sequence_number desc
      limit 1
    ) as l
    where l.sequence_number > to_sequence and from_sequence <= to_sequence
  )
  select 'numbering', h.previous + 1, null::uuid, format('events %s to %s are missing', h.previous + 1, h.sequence_number - 1)
  from (
    select n.sequence_number, lag(n.sequence_number, 1, from_sequence - 1) over (order by n.sequence_number) as previous
    from numbers as n
  ) as h
  where h.sequence_number <> h.previous + 1;
$$;

comment on function ves_int.check_numbering(uuid, uuid, bigint, bigint) is
'Gaps in a range of numbers of a stream, up to its last event.';
