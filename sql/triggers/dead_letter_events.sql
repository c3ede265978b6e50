create or replace trigger t80_count_added
after insert on ves_store.dead_letter_events
referencing new table as added
for each statement execute function ves_int.tg_dead_letter_events__count_added();
create or replace trigger t80_count_settled
after update of settled_at on ves_store.dead_letter_events
for each row when (old.settled_at is null and new.settled_at is not null)
execute function ves_int.tg_dead_letter_events__count_settled();

comment on trigger t80_count_added on ves_store.dead_letter_events is 'Counts open ones, within open_dead_letters of ves_store.limits.';
comment on trigger t80_count_settled on ves_store.dead_letter_events is 'Counts open ones: a settled one is none.';
