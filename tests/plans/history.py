"""A long history, written in bulk: many tenants and streams without anything due, and one stream that is long.

Triggers and foreign keys are off while it is written (the rows refer to each other as real ones do); checks and
  unique
keys are on. It is measured with all of them on.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.plans.payment_history import ROWS_OF_PAYMENTS

if TYPE_CHECKING:
    import psycopg

# Events of the long stream that its consumers have yet to process.
BEHIND = 10
# Every second stream belongs to the measured tenant, so the tenant grows as the database does.
STREAMS = """
create temporary table grown on commit drop as
select
  n, case n %% 2 when 0 then %(tenant_id)s::uuid else gen_random_uuid() end as tenant_id, gen_random_uuid() as
  store_id,
  gen_random_uuid() as agent_id, gen_random_uuid() as event_id
from generate_series(%(after)s::bigint + 1, %(to)s) as n
"""
ROWS_OF_STREAMS = """
insert into ves_store.projection_checkpoints (tenant_id, store_id, stream, projector, last_projected_sequence)
select g.tenant_id, g.store_id, s, p.name, 1
from grown as g, unnest(array['ves', 'legacy']) as s, ves_store.projectors as p where p.state = 'active';
insert into ves_store.rejected_events_log (
  tenant_id, store_id, stream, sequence_number, event_id, entity_type, entity_id, reason, message, rejected_at)
select tenant_id, store_id, 'ves', 1, event_id, 'order', '1', 'ENTITY_NOT_FOUND', '', now() - interval '1 day' from grown;
insert into ves_store.ves_sequence_counters (tenant_id, store_id, current_sequence)
select tenant_id, store_id, 1 from grown;
insert into ves_store.sequence_counters (tenant_id, store_id, current_sequence)
select tenant_id, store_id, 1 from grown;
insert into ves_store.credential_epochs (tenant_id, epoch)
select tenant_id, 1 from grown group by tenant_id on conflict do nothing;
insert into ves_store.api_keys (key_hash, tenant_id, agent_id, can_read, active)
select encode(sha256(uuid_send(agent_id)), 'hex'), tenant_id, agent_id, true, n %% 4 < 2 from grown;
insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key, check_at, valid_to)
select tenant_id, agent_id, 1, sha256(uuid_send(agent_id)), now() + '1 year', now() + '2 years' from grown;
insert into ves_store.key_rotation_policies (tenant_id, agent_id, max_age_hours, max_usage_count)
select tenant_id, agent_id, 876000, 1000000 from grown;
insert into ves_store.key_usage_counters (tenant_id, agent_id, key_id, usage_count)
select tenant_id, agent_id, 1, 1 from grown;
insert into ves_store.scheduled_key_rotations (tenant_id, agent_id, current_key_id, scheduled_at, reason)
select tenant_id, agent_id, 2, now() + '1 year', 'manual' from grown;
insert into ves_store.key_rotation_audit_log (tenant_id, agent_id, key_type, action, actor_type, actor_id)
select tenant_id, agent_id, 'signing', 'key_registered', 'api', 'a' from grown;
insert into ves_store.encryption_key_groups (group_id, tenant_id, name)
select store_id, tenant_id, store_id::text from grown;
insert into ves_store.encryption_key_group_members (group_id, tenant_id, agent_id)
select store_id, tenant_id, agent_id from grown;
insert into ves_store.group_key_audit_log (tenant_id, group_id, action)
select tenant_id, store_id, 'group_created' from grown;
insert into ves_store.agent_sync_state (tenant_id, store_id, agent_id, last_pulled_sequence, last_sync_at)
select tenant_id, store_id, agent_id, 1, now() from grown;
insert into ves_store.event_schemas (tenant_id, schema_id, event_type, version, schema_json)
select tenant_id, store_id, store_id::text, 1, '{}' from grown;
insert into ves_store.ves_sequencer_receipts (tenant_id, store_id, sequence_number, receipt_hash)
select tenant_id, store_id, 1, sha256('') from grown;
insert into ves_store.cursor_keys (tenant_id, store_id, consumer)
select tenant_id, store_id, c from grown, unnest(array['receipts', 'key_usage', 'commit']) as c
union all
select g.tenant_id, g.store_id, ves_int.cursor_name(u.subscription_id, u.kind, ves_int.slot_of(g.store_id))
from grown as g join ves_store.subscriptions as u on u.tenant_id = g.tenant_id;
insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
select tenant_id, store_id, c, 1, 1 + n %% 2, case when n %% 2 = 1 then now() + '1 year' end
from grown, unnest(array['receipts', 'key_usage', 'commit']) as c;
insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence)
select g.tenant_id, g.store_id, ves_int.cursor_name(u.subscription_id, u.kind, ves_int.slot_of(g.store_id)), 1, 1
from grown as g join ves_store.subscriptions as u on u.tenant_id = g.tenant_id;
update ves_store.subscriptions set opened_at = now();
insert into ves_store.feed_ranges (tenant_id, subscription_id, feed_number, store_id, sequence_from, sequence_to)
select g.tenant_id, u.subscription_id, g.n, g.store_id, 1, 1
from grown as g join ves_store.subscriptions as u on u.tenant_id = g.tenant_id and u.kind = 'feed';
insert into ves_store.audit_log (tenant_id, number, id, timestamp, action, actor, actor_type, database_role,
  details, success, previous_hash, hash)
select tenant_id, 1000000 + n, agent_id, now(), 'login_success', 'a', 'jwt', 'ves_api', '{}', true, sha256(''),
  sha256('')
from grown;
insert into ves_store.row_changes (tenant_id, number, table_name, row_key, changed_at, changed_by, added, hash)
select tenant_id, 1000000 + n, 'api_keys', n::text, now(), 'ves_api', 1, sha256('') from grown;
insert into ves_store.ves_rejections (tenant_id, store_id, event_id, source_agent_id, reason, message,
  rejected_at)
select tenant_id, store_id, event_id, agent_id, 'r', 'm', now() - interval '1 day' from grown;
insert into ves_store.rate_limits (bucket, key, window_seconds, last_slot, counts)
select 'credential', agent_id::text, 60, extract(epoch
from now())::bigint + 86400, array_fill(1, array[61])
from grown;
insert into ves_store.dead_letter_events (tenant_id, store_id, legacy, consumer, sequence_number, event_id, event_type,
  entity_type, entity_id, reason, status, holds_entity, created_at, next_retry_at)
select tenant_id, store_id, false, 'test', 1, event_id, 'a.b', 'a', 'b', 'handler_error', 'pending', true, now(),
  now() + '1 year'
from grown;
insert into pgmq.q_ves_dead_letters (vt, message)
select now() + '1 year', jsonb_build_object('tenant_id', tenant_id, 'dead_letter_id', n, 'consumer', 'test') from grown;
insert into ves_store.dead_letter_counts (tenant_id, store_id, legacy, consumer, letters)
select tenant_id, store_id, false, 'test', 1 from grown;
insert into ves_store.commit_policies (tenant_id, store_id, mode, max_events, max_age)
select tenant_id, store_id, 'manual', 1000, '1 day' from grown;
insert into ves_store.shredded_payloads (tenant_id, store_id, stream, sequence_number, event_id, reason, shredded_by,
  shredded_at)
select tenant_id, store_id, s, 1, event_id, 'r', 'b', now() from grown, unnest(array['ves', 'legacy']) as s;
insert into ves_store.projection_retries (tenant_id, store_id, stream, sequence_number, position)
select tenant_id, store_id, 'ves', 1, 1 from grown;
insert into ves_store.rejection_cuts (tenant_id, cut_to, cut_at)
select tenant_id, 1, now() from grown group by tenant_id on conflict do nothing;
insert into ves_store.tenant_projectors (tenant_id, store_id, name, function)
select tenant_id, store_id, 'p', 'f' from grown;
insert into ves_store.ves_compliance_witnesses (tenant_id, proof_id, witness_commitment, submitted_at)
select tenant_id, event_id, sha256(''), now() from grown;
insert into ves_store.ves_compliance_proofs (tenant_id, store_id, event_id, proof_id, proof_type, proof_version,
  policy_id, policy_params, policy_hash, proof, proof_hash, public_inputs, public_inputs_hash, amount_binding,
  submitted_at)
select tenant_id, store_id, event_id, event_id, 'x', 1, 'p', '{}', sha256(''), sha256(''), sha256(''), '{}',
  sha256(''), 'bound', now()
from grown;
update ves_store.audit_heads as h set number = 1000000 + %(to)s
where h.tenant_id = %(tenant_id)s;
update ves_store.row_change_heads as h set number = 1000000 + %(to)s
where h.tenant_id = %(tenant_id)s
"""
# Copies of the first event, all with receipts and in commitments of 100 that are anchored, but for the last BEHIND.
ROWS_OF_THE_LONG_STREAM = """
insert into ves_store.{prefix}events
select r.*
from ves_store.{prefix}events as e
cross join generate_series(%(after)s::bigint + 1, %(to)s) as n
cross join lateral jsonb_populate_record(e, jsonb_build_object(
  'sequence_number', n, 'event_id', gen_random_uuid(), 'command_id', gen_random_uuid(), 'entity_id', n::text)) as r
where e.tenant_id = %(tenant_id)s and e.store_id = %(store_id)s and e.sequence_number = 1;
insert into ves_store.{dedupe}_command_dedupe (tenant_id, store_id, command_id)
select e.tenant_id, e.store_id, e.command_id
from ves_store.{prefix}events as e
where e.tenant_id = %(tenant_id)s and e.store_id = %(store_id)s and e.sequence_number > %(after)s
on conflict do nothing;
update ves_store.{prefix}sequence_counters set current_sequence = %(to)s
where tenant_id = %(tenant_id)s and store_id = %(store_id)s;
insert into ves_store.{prefix}commitments (
      tenant_id, store_id, batch_id, {counts}, {root}, prev_state_root, new_state_root, sequence_start,
  sequence_end,
      previous_end, committed_at)
    select
      %(tenant_id)s, %(store_id)s, gen_random_uuid(), {count_values}, sha256(''), sha256(''), sha256(''), n + 1,
  n + 100,
      nullif(n, 0), now()
    from generate_series(greatest(%(after)s - %(after)s %% 100 - 200, 0), %(to)s::bigint - 200, 100) as n
    where not exists (
      select from ves_store.{prefix}commitments as c
      where c.tenant_id = %(tenant_id)s and c.store_id = %(store_id)s and c.sequence_start = n + 1);
insert into ves_store.{prefix}commitment_nodes (tenant_id, batch_id, level, nodes)
select c.tenant_id, c.batch_id, l, convert_to(repeat(md5(''), 128 >> l), 'UTF8')
from ves_store.{prefix}commitments as c, generate_series(0, 7) as l
where c.store_id = %(store_id)s
on conflict do nothing;
insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at, call_id,
  chain_id, chain_tx_hash, anchored_at)
select c.tenant_id, c.batch_id, 'chain', '{prefix}' = '', 'anchored', now(), c.batch_id, 1, sha256(''), now()
from ves_store.{prefix}commitments as c where c.store_id = %(store_id)s
on conflict do nothing
"""
COLUMNS = {
    "ves_": {
        "prefix": "ves_",
        "dedupe": "ves",
        "counts": "tree_depth, leaf_count, padded_leaf_count",
        "count_values": "7, 100, 128",
        "root": "merkle_root",
    },
    "": {
        "prefix": "",
        "dedupe": "event",
        "counts": "event_count",
        "count_values": "100",
        "root": "events_root",
    },
}
ROWS_OF_WORK = """
insert into ves_store.projections (
  tenant_id, store_id, stream, projector, generation, entity_id, version, sequence_number, created_at, updated_at,
  state)
select %(tenant_id)s, %(store_id)s, 'ves', 'order', 1, n, 1, n, now(), now(), '{"status": "pending"}'
from generate_series(1, %(done)s) as n on conflict do nothing;
insert into ves_store.projection_checkpoints as c (tenant_id, store_id, stream, projector, last_projected_sequence)
select %(tenant_id)s, %(store_id)s, 'ves', p.name, %(done)s from ves_store.projectors as p where p.state = 'active'
on conflict (tenant_id, store_id, stream, projector, generation)
do update set last_projected_sequence = excluded.last_projected_sequence;
update ves_store.agent_signing_keys set check_at = now() - interval '1 hour'
where tenant_id = %(tenant_id)s and agent_id = %(agent_id)s;
insert into ves_store.ves_validity_proofs (tenant_id, store_id, batch_id, proof_id, proof_type, proof_version,
  proof, proof_hash, public_inputs, public_inputs_hash, submitted_at)
select c.tenant_id, c.store_id, c.batch_id, c.batch_id, 'stark', 1, sha256(''), sha256(''), '{}', sha256(''), now()
from ves_store.ves_commitments as c where c.store_id = %(store_id)s on conflict do nothing;
insert into ves_store.ves_sequencer_receipts (tenant_id, store_id, sequence_number, receipt_hash)
select %(tenant_id)s, %(store_id)s, n, sha256('') from generate_series(1, %(done)s) as n on conflict do nothing;
insert into ves_store.entity_versions (tenant_id, store_id, entity_type, entity_id, version)
select e.tenant_id, e.store_id, e.entity_type, e.entity_id, 1
from ves_store.ves_events as e
where e.tenant_id = %(tenant_id)s and e.store_id = %(store_id)s and e.sequence_number > %(after)s
on conflict do nothing;
insert into ves_store.cursor_keys (tenant_id, store_id, consumer)
select %(tenant_id)s, %(store_id)s, c
from unnest(array['receipts', 'key_usage', 'commit', 'test'] || array(
  select ves_int.cursor_name(u.subscription_id, u.kind, ves_int.slot_of(%(store_id)s))
  from ves_store.subscriptions as u where u.tenant_id = %(tenant_id)s)) as c
on conflict do nothing;
delete from ves_store.cursors where tenant_id = %(tenant_id)s and store_id = %(store_id)s;
insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
select tenant_id, store_id, consumer, %(done)s, %(to)s, now() - interval '1 hour'
from ves_store.cursor_keys where tenant_id = %(tenant_id)s and store_id = %(store_id)s
"""


class History:
    """What a database holds beside one stream (tenant_id, store_id, agent_id) with one event of each kind."""

    def __init__(self, connection: psycopg.Connection[Any], stream: dict[str, uuid.UUID]) -> None:
        self.connection = connection
        self.names: dict[str, Any] = stream
        self.streams = 0
        self.events = 1

    def grow(self, streams: int, events: int) -> None:
        """Make it hold `streams` streams that are done, and the long one `events` events of each kind."""
        with self.connection.transaction():
            self.connection.execute("set local session_replication_role = replica")
            names = self.names | {"after": self.streams, "to": streams}
            self.connection.execute(STREAMS, names)
            for statement in (ROWS_OF_STREAMS + ";" + ROWS_OF_PAYMENTS).split(";\n"):
                self.connection.execute(statement, names)
            names = self.names | {"after": self.events, "to": events, "done": events - BEHIND}
            for columns in COLUMNS.values():
                for statement in ROWS_OF_THE_LONG_STREAM.split(";\n"):
                    self.connection.execute(statement.format(**columns), names)
            for statement in ROWS_OF_WORK.split(";\n"):
                self.connection.execute(statement, names)
        self.connection.execute("vacuum analyze")
        self.streams, self.events = streams, events
