-- Changes of a hostile superuser, in a scratch database that is made for them and dropped.

-- name: take_turn
-- Serialises demos on one server; the lock ends with the session.
select pg_advisory_lock(hashtext('ves_demo_tamper'));

-- name: drop_scratch
-- Drop the scratch database.
drop database if exists ves_demo_tamper with (force);

-- name: create_scratch
-- A database of its own: the demo never touches the user's.
create database ves_demo_tamper;

-- name: silence_triggers
-- Only a superuser may: append-only triggers no longer fire in this session.
set session_replication_role = replica;

-- name: change_one_order
-- One order gets another total. A payload encrypted at rest cannot be read, but plaintext can replace it.
update ves_store.ves_events
set
  payload = '{"orderId":"order-000001","customerId":"cust-0001","items":2,"totalCents":92933,"currency":"USD"}',
  payload_at_rest = null,
  payload_key_id = null
where entity_id = 'order-000001' and event_type = 'order.created';
