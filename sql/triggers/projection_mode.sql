-- Created disabled unless the mode is inline; ves_record.list_objects does not compare whether it is enabled.
create or replace trigger t70_project
after update of current_sequence on ves_store.ves_sequence_counters
for each row when (new.current_sequence > old.current_sequence)
execute function ves_int.tg_counters__project('ves');

create or replace trigger t70_project
after insert or update of current_sequence on ves_store.sequence_counters
for each row execute function ves_int.tg_counters__project('legacy');

comment on trigger t70_project on ves_store.ves_sequence_counters is 'ves.set_projection_mode';
comment on trigger t70_project on ves_store.sequence_counters is 'ves.set_projection_mode';

select ves_int.switch_inline_projection();
