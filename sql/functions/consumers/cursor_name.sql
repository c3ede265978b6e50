create or replace function ves_int.cursor_name(subscription_id bigint, kind text, slot smallint)
returns text
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select 'sub/' || subscription_id || case when kind = 'group' then '/' || slot else '' end;
$$;

comment on function ves_int.cursor_name(bigint, text, smallint) is
'Consumer of ves_store.cursors for a subscription: one for each slot of a group, so that a member finds what is due in its slots by index.';
