create or replace trigger t10_refuse_change
before update or delete on ves_store.shredded_payloads
for each row execute function ves_int.tg_history__refuse_change();

create or replace trigger t20_refuse_truncate
before truncate on ves_store.shredded_payloads
for each statement execute function ves_int.tg_history__refuse_change();

comment on trigger t10_refuse_change on ves_store.shredded_payloads is 'Append-only.';
comment on trigger t20_refuse_truncate on ves_store.shredded_payloads is 'Append-only.';
