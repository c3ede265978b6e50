create or replace function ves_int.legacy_tree_levels(leaves bytea)
returns bytea[]
language plpgsql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
declare
  v_level bytea := leaves;
  v_levels bytea[] := array[]::bytea[];
begin
  while octet_length(v_level) > 32 loop
    v_levels := v_levels || v_level;
    -- the last of an odd number moves up unchanged
    select string_agg(
      case when octet_length(p.pair) = 64 then sha256(p.pair) else p.pair end, ''::bytea order by p.i)
    into v_level
    from (
      select i, substring(v_level from 64 * i + 1 for 64) as pair
      from generate_series(0, (octet_length(v_level) - 1) / 64) as i
    ) as p;
  end loop;
  return case when octet_length(v_level) > 0 then v_levels || v_level else v_levels end;
end
$$;

comment on function ves_int.legacy_tree_levels(bytea) is
'Levels of the legacy tree over concatenated 32-byte leaves, leaf level first, root last (VES 17.3): no domain, no padding, an unpaired last node moves up unchanged.';
