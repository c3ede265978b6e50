create type ves.key_rotation as (
  old_key_id bigint,
  old_status text,
  new_key_id bigint,
  rotated_at timestamptz,
  grace_until timestamptz
);

comment on type ves.key_rotation is
'A rotation as it was done: the old key with its status now (in_grace, expired or revoked), the key that takes over, and until when the old one still verifies (null: not any more).';
