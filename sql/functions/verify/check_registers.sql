create or replace function ves_int.check_registers(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  with ves as (
    select e.sequence_number, e.command_id, e.sequenced_at from ves_store.ves_events as e
    where e.tenant_id = check_registers.tenant_id and e.store_id = check_registers.store_id
  ),
  legacy as (
    select e.sequence_number, e.command_id, e.sequenced_at, e.record_hash = sha256(
      uuid_send(e.event_id) || uuid_send(e.source_agent) || timestamptz_send(e.created_at)
      || timestamptz_send(e.sequenced_at) || int8send(coalesce(e.base_version, -1)) || int8send(e.envelope_version)
      || int4send(octet_length(e.event_type)) || convert_to(e.event_type, 'UTF8')
      || coalesce(uuid_send(e.command_id), ''::bytea) || coalesce(e.signature, ''::bytea)
    ) as is_right
    from ves_store.events as e
    where e.tenant_id = check_registers.tenant_id and e.store_id = check_registers.store_id
  ),
  ves_commands as (
    select d.command_id, d.created_at from ves_store.ves_command_dedupe as d
    where d.tenant_id = check_registers.tenant_id and d.store_id = check_registers.store_id
  ),
  legacy_commands as (
    select d.command_id, d.created_at from ves_store.event_command_dedupe as d
    where d.tenant_id = check_registers.tenant_id and d.store_id = check_registers.store_id
  )
  select 'legacy_record', l.sequence_number, null::uuid, 'record_hash is not the hash of the stored event'
  from legacy as l where not l.is_right
  union all
  select 'command', v.sequence_number, null,
    format('command %s: the event and the register of commands differ', coalesce(v.command_id, d.command_id))
  from (select * from ves where command_id is not null) as v
  full join ves_commands as d on d.command_id = v.command_id
  where d.created_at is distinct from v.sequenced_at
  union all
  select 'legacy_command', l.sequence_number, null,
    format('command %s: the event and the register of commands differ', coalesce(l.command_id, d.command_id))
  from (select * from legacy where command_id is not null) as l
  full join legacy_commands as d on d.command_id = l.command_id
  where d.created_at is distinct from l.sequenced_at
  union all
  select 'numbering', s.current_sequence, null,
    format('the counter says %s, the consumer %s was told of %s', coalesce(s.current_sequence, 0), c.consumer, c.head_sequence)
  from ves_store.cursors as c
  left join (
    select v.tenant_id, v.store_id, v.current_sequence, false as is_legacy from ves_store.ves_sequence_counters as v
    union all
    select l.tenant_id, l.store_id, l.current_sequence, true from ves_store.sequence_counters as l
  ) as s on s.tenant_id = c.tenant_id and s.store_id = c.store_id
    and s.is_legacy = (c.consumer = 'legacy_projection')
  where c.tenant_id = check_registers.tenant_id and c.store_id = check_registers.store_id
    and c.head_sequence > coalesce(s.current_sequence, 0);
$$;

comment on function ves_int.check_registers(uuid, uuid) is
'Findings about a stream and what is kept beside it: commands against the registers that refuse repeated ones, consumers that were told of more than the counter says, and the hash of the unsigned members of legacy events (VES 14.1).';
