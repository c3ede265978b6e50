create or replace function ves.open_cursor(
  tenant_id uuid, store_id uuid, consumer text, done_to bigint default 0
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_head bigint;
  v_done_to bigint;
begin
  perform ves_int.require_fields(jsonb_build_object('tenantId', tenant_id, 'storeId', store_id, 'consumer', consumer));
  if octet_length(open_cursor.consumer) not between 1 and 64
    or open_cursor.consumer in ('receipts', 'key_usage', 'commit', 'projection', 'legacy_projection')
    or starts_with(open_cursor.consumer, 'sub/') then
    perform ves_int.raise_error('invalid_field', '{"field": "consumer"}');
  end if;
  v_head := ves_int.sequenced_to(open_cursor.tenant_id, open_cursor.store_id);
  if coalesce(open_cursor.done_to not between 0 and v_head, true) then
    perform ves_int.raise_error('cursor_beyond_head', jsonb_build_object('head_sequence', v_head));
  end if;
  loop
    insert into ves_store.cursor_keys (tenant_id, store_id, consumer)
    values (open_cursor.tenant_id, open_cursor.store_id, open_cursor.consumer)
    on conflict (tenant_id, store_id, consumer) do nothing;
    if found then
      insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
      values (
        open_cursor.tenant_id, open_cursor.store_id, open_cursor.consumer, open_cursor.done_to, v_head,
        case when open_cursor.done_to < v_head then clock_timestamp() end
      );
    end if;
    select c.done_to into v_done_to
    from ves_int.lock_cursor(open_cursor.tenant_id, open_cursor.store_id, open_cursor.consumer) as c;
    exit when v_done_to is not null;
    -- a key whose cursor was deleted alone, as in ves_int.note_cursors
    delete from ves_store.cursor_keys as k
    where k.tenant_id = open_cursor.tenant_id and k.store_id = open_cursor.store_id
      and k.consumer = open_cursor.consumer and not exists (
        select from ves_store.cursors as c
        where c.tenant_id = k.tenant_id and c.store_id = k.store_id and c.consumer = k.consumer
      );
  end loop;
  return v_done_to;
end
$$;

comment on function ves.open_cursor(uuid, uuid, text, bigint) is
'Makes a consumer follow a stream after done_to, if it does not yet; how far it has come. Errors: VE405 done_to is beyond the stream''s head, VE007 a reserved name, VE008.';
