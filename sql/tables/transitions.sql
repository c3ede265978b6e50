create table ves_store.transitions (
  machine text not null,
  from_state text not null,
  to_state text not null,
  constraint transitions_pkey primary key (machine, from_state, to_state),
  constraint machine_names_table_and_column check (machine ~ '^[a-z0-9_]+[.][a-z0-9_]+$'),
  constraint state_changes_in_a_transition check (from_state <> to_state)
);

comment on table ves_store.transitions is 'Steps of every state machine: trigger t30_refuse_step of a table refuses any other change of its state column.';
comment on column ves_store.transitions.machine is 'Table and state column, as in scheduled_key_rotations.status.';
comment on column ves_store.transitions.from_state is 'State before; empty: the row is new.';
comment on column ves_store.transitions.to_state is 'State after.';
