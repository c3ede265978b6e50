-- The chain of row changes, then each watched table against the last change of each of its rows.
create or replace function ves_int.check_rows(of_tenant uuid)
returns table (tenant_id uuid, number bigint, finding text)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set bytea_output to 'hex'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_table text;
begin
  return query
  with linked as (
    select c.tenant_id, c.number, c.hash, lead(c.number) over chain is null as is_newest,
      c.number = lag(c.number, 1, 0::bigint) over chain + 1
      and c.hash = ves_int.row_change_hash(c, lag(c.hash, 1, decode(repeat('00', 32), 'hex')) over chain) as is_linked
    from ves_store.row_changes as c
    where of_tenant is null or c.tenant_id = of_tenant
    window chain as (partition by c.tenant_id order by c.number)
  )
  select l.tenant_id, l.number, 'row_changes: the entry does not follow from the one before it'
  from linked as l where not l.is_linked
  union all
  select coalesce(h.tenant_id, l.tenant_id), coalesce(h.number, l.number),
    'row_changes: the newest entry is not the chain''s head'
  from (select n.* from linked as n where n.is_newest) as l
  full join (
    select h.* from ves_store.row_change_heads as h
    where of_tenant is null or h.tenant_id = of_tenant
  ) as h on h.tenant_id = l.tenant_id
  where h.hash is distinct from l.hash or h.number is distinct from l.number;
  for v_table in
    select distinct c.relname::text
    from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where t.tgfoid = 'ves_int.tg_row__note_change'::regproc
    order by 1
  loop
    return query execute format(
      $q$with noted as (
        select distinct on (c.tenant_id, c.row_key) c.tenant_id, c.row_key, c.number, c.row_hash
        from ves_store.row_changes as c
        where c.table_name = $2 and ($1 is null or c.tenant_id = $1)
        order by c.tenant_id, c.row_key, c.number desc
      ),
      stored as (
        -- a table without a column takes that of `absent`
        select s.tenant_id, ves_int.row_key($2, s.content) as row_key, ves_int.row_hash(s.content) as row_hash
        from (select '00000000-0000-0000-0000-000000000000'::uuid as tenant_id, 1 as current_sequence) as absent
        cross join lateral (
          select tenant_id, ves_int.row_content(to_json(t)) as content
          from ves_store.%1$I as t
          where ($1 is null or tenant_id = $1) and current_sequence > 0
        ) as s
      )
      select coalesce(n.tenant_id, s.tenant_id), n.number,
        $2 || ' ' || coalesce(n.row_key, s.row_key) || case
          when s.row_key is null then ': the row is gone, and no change says so'
          when n.row_hash is null then ': the row is there, and no change says so'
          else ': the row is not what its last change left'
        end
      from noted as n full join stored as s on s.row_key = n.row_key and s.tenant_id = n.tenant_id
      where n.row_hash is distinct from s.row_hash$q$,
      v_table)
    using of_tenant, v_table;
  end loop;
end
$$;

comment on function ves_int.check_rows(uuid) is
'What is wrong with the rows of the tables that ves_int.tg_row__note_change watches, of one tenant or of all (null): a change, insert or delete that ves_store.row_changes does not hold, and links of that chain that do not fit. The number is that of the row''s last noted change.';
