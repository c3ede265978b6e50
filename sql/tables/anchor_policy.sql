create table ves_store.anchor_policy (
  singleton boolean not null default true,
  anchors text[] not null default '{chain}',
  required integer not null default 1,
  constraint anchor_policy_pkey primary key (singleton),
  constraint there_is_one_anchor_policy check (singleton),
  constraint policy_anchors_are_known_ones check (
    anchors in ('{chain}', '{opentimestamps}', '{chain,opentimestamps}')
  ),
  constraint required_anchors_are_among_them check (required between 1 and cardinality(anchors))
);

insert into ves_store.anchor_policy (singleton) values (true);

comment on table ves_store.anchor_policy is
'Which anchors a commitment is given to, and how many must have it before it counts as anchored (ves.set_anchor_policy). A row, not a setting: workers and API must agree, and a change is audited.';
comment on column ves_store.anchor_policy.singleton is 'Always true: the table has one row.';
comment on column ves_store.anchor_policy.anchors is 'Anchors that count, in alphabetical order. The row of the anchor chain is made with each commitment even if it does not count.';
comment on column ves_store.anchor_policy.required is 'How many of them must have a commitment.';
