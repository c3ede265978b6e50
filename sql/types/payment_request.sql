create type ves_int.payment_request as (
  agent_id uuid,
  agent_key_id integer,
  payer_address text,
  payer_key text,
  payee_address text,
  amount bigint,
  asset text,
  network text,
  valid_until bigint,
  nonce bigint,
  idempotency_key text,
  fingerprint bytea,
  resource_uri text,
  description text,
  order_id uuid,
  merchant_id text,
  signing_hash bytea,
  payer_signature bytea,
  payer_public_key bytea,
  metadata text,
  refusal text,
  auth_epoch bigint,
  admin_epoch bigint
);

comment on type ves_int.payment_request is
'A payment intent as ves.append_payment_intents takes it: decoded, hashed and verified (ves.payment_requests of the library). payer_key is the payer by which nonces are counted; refusal the error that an idempotent repeat gives way to.';
