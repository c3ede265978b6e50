-- Changes by a malicious superuser, in a temporary scratch database.

-- name: take_turn
-- Serialises demos on one server; the lock ends with the session.
select pg_advisory_lock(hashtext('ves_demo_tamper'));

-- name: drop_scratch
-- Drop the scratch database.
drop database if exists ves_demo_tamper with (force);

-- name: create_scratch
-- A separate database: the demo never modifies the database of the user.
create database ves_demo_tamper;

-- name: silence_triggers
-- Requires superuser: append-only triggers do not fire in this session.
set session_replication_role = replica;

-- name: change_one_order
-- Changes the total of one order. A payload encrypted at rest is replaced by plaintext.
update ves_store.ves_events
set
  payload = '{"orderId":"order-000001","customerId":"cust-0001","items":2,"totalCents":92933,"currency":"USD"}',
  payload_at_rest = null,
  payload_key_id = null
where entity_id = 'order-000001' and event_type = 'order.created';
