create table ves_store.retry_handlers (
  consumer text not null,
  handler text not null,
  constraint retry_handlers_pkey primary key (consumer),
  constraint retried_consumer_has_1_to_64_bytes check (octet_length(consumer) between 1 and 64),
  constraint handler_names_a_private_function check (handler ~ '^[a-z0-9_]+$')
);

insert into ves_store.retry_handlers (consumer, handler) values ('projection', 'retry_projection');

comment on table ves_store.retry_handlers is
'Functions that handle a dead letter of a consumer anew (ves.retry_next_dead_letter). Consumers without one claim their dead letters themselves.';
comment on column ves_store.retry_handlers.consumer is 'Consumer of ves_store.dead_letter_events.';
comment on column ves_store.retry_handlers.handler is
'Function of schema ves_int, f(consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint, out reason text, out message text): handles the event as if it came now; reason null: it is done; an exception counts as handler_error. It runs in a subtransaction, writes no dead letter and moves no checkpoint.';
