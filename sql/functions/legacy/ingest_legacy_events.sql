-- Appends a batch of legacy events to one stream (VES 17.2): lock, judge, store, like ves.ingest_events and
-- with the same planner settings. The lock is the row of ves_sequence_counters, the one that VES ingest
-- takes: the two streams of a store share entity_versions, and one lock for both leaves nothing that could be
-- locked in two orders (VES 21, trap 23).
-- Locks (sql/README.md): 2 to 3.
create or replace function ves.ingest_legacy_events(
  tenant_id uuid,
  store_id uuid,
  auth_epoch bigint,
  source_agent uuid,
  event_ids uuid[],
  command_ids uuid[],
  entity_types text[],
  entity_ids text[],
  event_types text[],
  created_at_micros bigint[],
  payloads json[],
  payload_hashes bytea,
  base_versions bigint[],
  envelope_versions bigint[],
  signatures bytea[],
  refusals text[],
  refusal_messages text[],
  schema_epoch bigint default null,
  payloads_at_rest bytea[] default null,
  payload_key_ids bytea[] default null,
  sealed_for bigint[] default null
)
returns ves.ingest_result
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_count constant integer := cardinality(event_ids);
  v_leaf_prefix constant bytea := 'STATESET_COMMITMENT_LEAF_V1'::bytea || uuid_send(tenant_id) || uuid_send(store_id);
  v_now timestamptz;
  v_epoch bigint;
  v_schema_epoch bigint;
  v_head bigint;
  v_accepted bigint;
  v_places bigint[];
  v_numbers bigint[];
  v_entity_versions bigint[];
  v_entities_are_new boolean[];
  v_reasons text[];
  v_messages text[];
  v_result ves.ingest_result;
begin
  if v_count = 0 or octet_length(payload_hashes) <> 32 * v_count or cardinality(payloads) <> v_count then
    perform ves_int.raise_error('array_shape');
  end if;

  -- 1. lock
  with locked as (
    select c.current_sequence
    from ves_store.ves_sequence_counters as c
    where c.tenant_id = ingest_legacy_events.tenant_id and c.store_id = ingest_legacy_events.store_id
    for update
  )
  insert into ves_store.ves_sequence_counters as c (tenant_id, store_id)
  select ingest_legacy_events.tenant_id, ingest_legacy_events.store_id
  where not exists (select from locked)
  on conflict (tenant_id, store_id) do update set updated_at = excluded.updated_at;

  v_now := clock_timestamp();

  -- 2. judge, in the order of VES 17.2; a place is the number less the head
  with given as (
    select g.*
    from unnest(
      event_ids, command_ids, entity_types, entity_ids, base_versions, refusals, refusal_messages
    ) with ordinality as g (
      event_id, command_id, entity_type, entity_id, base_version, refusal, refusal_message, ord
    )
  ),
  checked as (
    select
      l.*,
      case when l.event_rank > 1 or l.is_stored then 'DuplicateEventId' else l.refusal end as reason,
      case
        when l.event_rank > 1 then 'event_id duplicated in batch'
        when l.is_stored then 'event_id already exists'
        else l.refusal_message
      end as message
    from (
      select
        g.*,
        row_number() over (partition by g.event_id order by g.ord) as event_rank,
        (
          select true from ves_store.events as e
          where e.event_id = g.event_id and e.tenant_id is not distinct from ingest_legacy_events.tenant_id
          limit 1
        ) is not null as is_stored
      from given as g
    ) as l
  ),
  candidates as (
    select
      c.*,
      row_number() over (partition by c.reason is null, c.command_id order by c.ord) as command_rank
    from checked as c
  ),
  commanded as materialized (
    select
      c.*,
      c.reason is null and c.command_id is not null
      and (
        c.command_rank > 1
        or (
          select true from ves_store.event_command_dedupe as d
          where d.command_id = c.command_id
            and d.tenant_id is not distinct from ingest_legacy_events.tenant_id
            and d.store_id is not distinct from ingest_legacy_events.store_id
          limit 1
        ) is not null
      ) as is_repeated_command
    from candidates as c
  ),
  survivors as materialized (
    select
      c.*,
      c.reason is null and not c.is_repeated_command as survives,
      coalesce((
        select v.version from ves_store.entity_versions as v
        where v.entity_id = c.entity_id and v.entity_type = c.entity_type
          and v.store_id is not distinct from ingest_legacy_events.store_id
          and v.tenant_id is not distinct from ingest_legacy_events.tenant_id
        limit 1
      ), 0) as stored_version
    from commanded as c
  ),
  versioned as (
    select
      s.*,
      case
        when base_versions is null then s.stored_version
          + row_number() over (partition by s.survives, s.entity_type, s.entity_id order by s.ord)
        else ves_int.entity_version(s.base_version, s.stored_version) filter (where base_versions is not null)
          over (partition by s.survives, s.entity_type, s.entity_id order by s.ord)
      end as version_after
    from survivors as s
  ),
  decided as (
    select
      v.*,
      lag(v.version_after, 1, v.stored_version)
        over (partition by v.survives, v.entity_type, v.entity_id order by v.ord) as version_before,
      max(v.version_after) over (partition by v.survives, v.entity_type, v.entity_id) as version_at_end
    from versioned as v
  ),
  placed as (
    select
      d.*,
      case
        when d.survives and d.version_after > d.version_before
          then count(*) filter (where d.survives and d.version_after > d.version_before) over (order by d.ord)
      end as place,
      case
        when d.reason is not null then d.reason
        when d.is_repeated_command then 'DuplicateCommandId'
        when d.version_after = d.version_before then 'VersionConflict'
      end as final_reason,
      case
        when d.reason is not null then d.message
        when d.is_repeated_command then 'command_id already used in this stream'
        when d.version_after = d.version_before
          then format('expected version %s, actual %s', d.base_version, d.version_before)
      end as final_message
    from decided as d
    order by d.ord
  )
  select
    count(p.place),
    array_agg(p.place),
    array_agg(case when p.place is not null and p.version_after = p.version_at_end then p.version_after end),
    array_agg(p.stored_version = 0),
    array_agg(case when p.place is null then p.final_reason end),
    array_agg(case when p.place is null then p.final_message end),
    jsonb_agg(jsonb_build_object(
      'ord', p.ord,
      'outcome', 'rejected',
      'phase', case when p.survives then 2 else 1 end,
      'reason', p.final_reason,
      'message', p.final_message
    )) filter (where p.place is null),
    coalesce((
      select c.current_sequence from ves_store.sequence_counters as c
      where c.tenant_id = ingest_legacy_events.tenant_id and c.store_id = ingest_legacy_events.store_id
    ), 0),
    coalesce((
      select c.epoch from ves_store.credential_epochs as c where c.tenant_id = ingest_legacy_events.tenant_id
    ), 0),
    coalesce((
      select s.epoch from ves_store.schema_epochs as s where s.tenant_id = ingest_legacy_events.tenant_id
    ), 0)
  into
    v_accepted, v_places, v_entity_versions, v_entities_are_new, v_reasons, v_messages, v_result.exceptions,
    v_head, v_epoch, v_schema_epoch
  from placed as p;

  if v_epoch <> ingest_legacy_events.auth_epoch then
    perform ves_int.raise_error('stale_credentials');
  end if;
  if v_schema_epoch <> ingest_legacy_events.schema_epoch then
    perform ves_int.raise_error('stale_schemas');
  end if;
  if v_head > 9223372036854775807 - v_accepted then
    perform ves_int.raise_error('sequence_exhausted');
  end if;

  -- an encrypted payload is bound to its number (VES 16): whoever encrypted guessed it, and is told the right one
  if sealed_for is not null then
    select array_agg(v_head + g.place order by g.ord) into v_numbers
    from unnest(v_places) with ordinality as g (place, ord);
    if v_numbers <> sealed_for then
      perform ves_int.raise_error('numbers_moved', jsonb_build_object('sequence_numbers', v_numbers));
    end if;
  end if;

  -- 3. store
  with stored as (
    insert into ves_store.events (
      tenant_id, store_id, sequence_number, event_id, command_id, source_agent, envelope_version, base_version,
      created_at, sequenced_at, entity_type, entity_id, event_type, payload_hash, leaf_hash, record_hash,
      signature, payload, payload_at_rest, payload_key_id
    )
    select
      ingest_legacy_events.tenant_id, ingest_legacy_events.store_id, v_head + g.place, g.event_id, g.command_id,
      ingest_legacy_events.source_agent, coalesce(g.envelope_version, 1), g.base_version,
      c.created_at, v_now,
      g.entity_type, g.entity_id, g.event_type,
      substring(payload_hashes from (32 * g.ord - 31)::integer for 32),
      sha256(
        v_leaf_prefix || int8send(v_head + g.place) || substring(payload_hashes from (32 * g.ord - 31)::integer for 32)
        || int4send(octet_length(g.entity_type)) || convert_to(g.entity_type, 'UTF8')
        || int4send(octet_length(g.entity_id)) || convert_to(g.entity_id, 'UTF8')),
      sha256(
        uuid_send(g.event_id) || uuid_send(ingest_legacy_events.source_agent) || timestamptz_send(c.created_at)
        || timestamptz_send(v_now) || int8send(coalesce(g.base_version, -1)) || int8send(coalesce(g.envelope_version, 1))
        || int4send(octet_length(g.event_type)) || convert_to(g.event_type, 'UTF8')
        || coalesce(uuid_send(g.command_id), ''::bytea) || coalesce(g.signature, ''::bytea)),
      g.signature, g.payload, g.payload_at_rest, g.payload_key_id
    from unnest(
      event_ids, command_ids, entity_types, entity_ids, event_types, created_at_micros, payloads, base_versions,
      envelope_versions, signatures, payloads_at_rest, payload_key_ids, v_places
    ) with ordinality as g (
      event_id, command_id, entity_type, entity_id, event_type, created_at_micros, payload, base_version,
      envelope_version, signature, payload_at_rest, payload_key_id, place, ord
    )
    cross join lateral (
      -- in two parts: an interval is multiplied as a double, which has too few digits for all of year 9999
      select 'epoch'::timestamptz + g.created_at_micros / 3600000000 * interval '1 hour'
        + g.created_at_micros % 3600000000 * interval '1 microsecond' as created_at
    ) as c
    where g.place is not null
  ),
  commands as (
    insert into ves_store.event_command_dedupe (tenant_id, store_id, command_id, created_at)
    select ingest_legacy_events.tenant_id, ingest_legacy_events.store_id, g.command_id, v_now
    from unnest(command_ids, v_places) as g (command_id, place)
    where g.place is not null and g.command_id is not null
  ),
  versions_of_new as (
    insert into ves_store.entity_versions (tenant_id, store_id, entity_type, entity_id, version, updated_at)
    select ingest_legacy_events.tenant_id, ingest_legacy_events.store_id, g.entity_type, g.entity_id, g.version, v_now
    from unnest(entity_types, entity_ids, v_entity_versions, v_entities_are_new)
      as g (entity_type, entity_id, version, is_new)
    where g.version is not null and g.is_new
  ),
  versions_of_known as (
    update ves_store.entity_versions as v
    set version = g.version, updated_at = v_now
    from unnest(entity_types, entity_ids, v_entity_versions, v_entities_are_new)
      as g (entity_type, entity_id, version, is_new)
    where g.version is not null and not g.is_new
      and v.entity_id = g.entity_id and v.entity_type = g.entity_type
      and v.store_id is not distinct from ingest_legacy_events.store_id
      and v.tenant_id is not distinct from ingest_legacy_events.tenant_id
  ),
  refused as (
    insert into ves_store.ves_rejections (
      tenant_id, store_id, event_id, source_agent_id, reason, message, rejected_at
    )
    select
      ingest_legacy_events.tenant_id, ingest_legacy_events.store_id, g.event_id, ingest_legacy_events.source_agent,
      g.reason, g.message, v_now
    from unnest(event_ids, v_reasons, v_messages) as g (event_id, reason, message)
    where g.reason is not null
  ),
  counted as (
    insert into ves_store.sequence_counters as c (tenant_id, store_id, current_sequence, updated_at)
    select ingest_legacy_events.tenant_id, ingest_legacy_events.store_id, v_head + v_accepted, v_now
    where v_accepted > 0
    on conflict (tenant_id, store_id) do update
    set current_sequence = excluded.current_sequence, updated_at = excluded.updated_at
  ),
  told as (
    insert into pgmq.q_ves_commit (vt, message)
    select v_now, jsonb_build_object(
      'tenant_id', ingest_legacy_events.tenant_id, 'store_id', ingest_legacy_events.store_id, 'legacy', true,
      'sequence_from', v_head + 1, 'sequence_to', v_head + v_accepted)
    where v_accepted > 0
  )
  select
    case when v_accepted > 0 then v_head + 1 end,
    case when v_accepted > 0 then v_head + v_accepted end,
    v_head + v_accepted,
    v_now,
    1,
    'appended'
  into
    v_result.first_sequence, v_result.last_sequence, v_result.head_sequence, v_result.sequenced_at,
    v_result.stream, v_result.outcome;

  return v_result;
end
$$;

comment on function ves.ingest_legacy_events(
  uuid, uuid, bigint, uuid, uuid[], uuid[], text[], text[], text[], bigint[], json[], bytea, bigint[], bigint[],
  bytea[], text[], text[], bigint, bytea[], bytea[], bigint[]
) is
'Appends one batch of legacy events to one stream (VES 17.2); one transaction, gap-free numbers of their own, partial acceptance; entity versions are shared with the VES stream. The caller has decoded the events and computed payload_hashes (32 bytes an event): refusals[i] is null or a reason found before. A null array means nulls; a payload stands in payloads or, encrypted (VES 16), in payloads_at_rest with the id of its key, and sealed_for then says for which number (null: none expected). A stored event_id is refused even if nothing differs. schema_epoch is that of ves.get_active_schemas, null if no schema was looked at. Errors: VE109 credentials changed, VE634 schemas changed (nothing stored), VE401, VE403 other numbers than sealed_for (nothing stored; the detail has the right ones), VE502; 23505 when another store of the tenant stores the same event_id at this moment (repeat the call).';
