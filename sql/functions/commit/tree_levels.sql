-- Each level is padded only to an even number of nodes with the known root of an all-padding subtree of its
-- height, which gives the same tree as padding the leaves to a power of two, without hashing the padding.
create or replace function ves_int.tree_levels(leaves bytea)
returns bytea[]
language plpgsql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
declare
  v_count constant integer := octet_length(leaves) / 32;
  v_depth integer := 0;
  v_level bytea := leaves;
  v_pad bytea := ves_int.pad_hash();
  v_levels bytea[];
begin
  if v_count = 0 then
    return array[]::bytea[];
  end if;
  while (1 << v_depth) < v_count loop
    v_depth := v_depth + 1;
  end loop;
  for v_height in 1 .. v_depth loop
    if octet_length(v_level) % 64 = 32 then
      v_level := v_level || v_pad;
    end if;
    v_levels := v_levels || v_level;
    v_level := ves_int.next_level(v_level);
    v_pad := ves_int.node_hash(v_pad, v_pad);
  end loop;
  return v_levels || v_level;
end
$$;

comment on function ves_int.tree_levels(bytea) is
'Levels of the VES tree over concatenated 32-byte leaves, leaf level first, root last (VES 9.2). A level ends where only padding would follow.';
