create or replace trigger t30_refuse_step
before insert or update of status on ves_store.agent_signing_keys
for each row execute function ves_int.tg_state__refuse_step('status');

comment on trigger t30_refuse_step on ves_store.agent_signing_keys is 'Only the steps of ves_store.transitions.';

create or replace trigger t80_require_room
after insert on ves_store.agent_signing_keys
for each row execute function ves_int.tg_rows__require_room('agent_keys', 'agent_keys_per_agent');

comment on trigger t80_require_room on ves_store.agent_signing_keys is
'A new row must be within the limits agent_keys and agent_keys_per_agent of ves_store.limits.';
