create or replace function ves_int.next_entity_version(running bigint, base_version bigint, stored bigint)
returns bigint
language plpgsql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
begin
  if running is null then
    running := stored;
  end if;
  if base_version is null or base_version = running then
    return running + 1;
  end if;
  return running;
end
$$;

comment on function ves_int.next_entity_version(bigint, bigint, bigint) is
'Step of ves_int.entity_version: the version after one event; unchanged when base_version conflicts (VES 15).';
