create or replace trigger t10_refuse_change
before update or delete on ves_store.events
for each row execute function ves_int.tg_events__refuse_change();

create or replace trigger t20_refuse_truncate
before truncate on ves_store.events
for each statement execute function ves_int.tg_history__refuse_change();

comment on trigger t10_refuse_change on ves_store.events is
'Append-only, but for the re-encryption of a payload and its recorded destruction.';
comment on trigger t20_refuse_truncate on ves_store.events is 'Append-only.';
