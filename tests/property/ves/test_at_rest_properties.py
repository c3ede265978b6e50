"""Encryption at rest: whatever is sealed comes back under its key, tenant and binding, and nothing else opens it."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ves import at_rest
from ves.errors import ProtocolError
from ves.keyring import Key, KeyRing

SECRETS = st.binary(min_size=32, max_size=32)
CONTENT = st.binary(max_size=300)
AADS = st.binary(max_size=80)


def refused(ring: KeyRing, tenant: uuid.UUID, key_id: bytes | None, aad: bytes, blob: bytes) -> str:
    with pytest.raises(ProtocolError) as refusal:
        ring.open(tenant, key_id, aad, blob)
    return refusal.value.reason


@given(SECRETS, AADS, CONTENT)
def test_what_is_encrypted_comes_back(secret, aad, content):
    blob = at_rest.encrypt(secret, aad, content)
    assert len(blob) == len(content) + 4 + 12 + 16  # magic, nonce, tag
    assert at_rest.decrypt([secret], aad, blob) == content


@given(SECRETS, AADS, CONTENT | st.binary(max_size=20).map(lambda part: part * 200))
def test_what_is_compressed_comes_back_and_is_never_longer(secret, aad, content):
    key = Key(secret)
    (blob,), (plain,) = (key.seal([aad], [content], compress=compress) for compress in (True, False))
    assert at_rest.decrypt([secret], aad, blob) == content
    assert at_rest.is_encrypted(blob)
    assert len(blob) <= len(plain)
    assert (blob[:4] == b"SSE2") == (len(blob) < len(plain))


@given(SECRETS, AADS, st.integers(100, 3000))
def test_a_blob_of_one_form_never_opens_as_the_other(secret, aad, size):
    key = Key(secret)
    for compress, other in ((True, b"SSE1"), (False, b"SSE2")):
        (blob,) = key.seal([aad], [b"p" * size], compress=compress)
        ring = KeyRing("required", (key,))
        assert refused(ring, uuid.UUID(int=1), key.key_id, aad, other + blob[4:]) == "not_authentic"


@given(SECRETS, st.lists(st.tuples(AADS, CONTENT), max_size=6), st.uuids())
def test_rows_that_are_sealed_together_open_one_by_one(secret, rows, tenant):
    key = Key(secret)
    ring = KeyRing("required", (key,))
    blobs = key.seal([aad for aad, _ in rows], [content for _, content in rows])
    assert len({blob[4:16] for blob in blobs}) == len(rows)
    for (aad, content), blob in zip(rows, blobs, strict=True):
        assert ring.open(tenant, key.key_id, aad, blob) == content
        assert ring.open(tenant, None, aad, blob) == content


@given(SECRETS, AADS, CONTENT, st.data())
def test_one_flipped_bit_never_opens(secret, aad, content, data):
    key = Key(secret)
    (blob,) = key.seal([aad], [content])
    at = data.draw(st.integers(0, 8 * len(blob) - 1))
    changed = bytearray(blob)
    changed[at // 8] ^= 1 << at % 8
    ring = KeyRing("required", (key,))
    assert refused(ring, uuid.UUID(int=1), key.key_id, aad, bytes(changed)) == "not_authentic"


@given(SECRETS, AADS, CONTENT, st.data())
def test_a_blob_that_was_cut_or_grew_never_opens(secret, aad, content, data):
    key = Key(secret)
    (blob,) = key.seal([aad], [content])
    changed = data.draw(
        st.one_of(
            st.integers(0, len(blob) - 1).map(lambda size: blob[:size]),
            st.binary(min_size=1, max_size=20).map(lambda more: blob + more),
        )
    )
    assert refused(KeyRing("required", (key,)), uuid.UUID(int=1), None, aad, changed) == "not_authentic"


@given(SECRETS, AADS, AADS, CONTENT)
def test_another_binding_opens_only_when_it_is_the_same(secret, aad, other, content):
    key = Key(secret)
    (blob,) = key.seal([aad], [content])
    ring = KeyRing("required", (key,))
    if aad == other:
        assert ring.open(uuid.UUID(int=1), key.key_id, other, blob) == content
    else:
        assert refused(ring, uuid.UUID(int=1), key.key_id, other, blob) == "not_authentic"


@given(st.lists(SECRETS, min_size=2, max_size=5, unique=True), AADS, CONTENT, st.data())
def test_every_key_of_a_ring_opens_what_it_sealed_wherever_it_stands(secrets, aad, content, data):
    keys = [Key(secret) for secret in secrets]
    writer = data.draw(st.sampled_from(keys))
    (blob,) = writer.seal([aad], [content])
    ring = KeyRing("required", tuple(data.draw(st.permutations(keys))))
    tenant = uuid.UUID(int=1)
    assert ring.open(tenant, writer.key_id, aad, blob) == content
    left = KeyRing("required", tuple(key for key in keys if key != writer))
    assert refused(left, tenant, writer.key_id, aad, blob) == "unknown_key"
    assert refused(left, tenant, None, aad, blob) == "not_authentic"


@given(st.lists(SECRETS, min_size=2, max_size=2, unique=True), AADS, CONTENT, st.uuids(), st.uuids())
def test_a_tenants_own_ring_and_everybody_elses_do_not_open_each_other(secrets, aad, content, mine, other):
    own, default = map(Key, secrets)
    ring = KeyRing("required", (default,), {mine: (own,)})
    assert ring.current(mine) == own
    (blob,) = own.seal([aad], [content])
    (theirs,) = default.seal([aad], [content])
    assert ring.open(mine, own.key_id, aad, blob) == content
    assert refused(ring, mine, default.key_id, aad, theirs) == "unknown_key"
    if other != mine:
        assert ring.current(other) == default
        assert ring.open(other, default.key_id, aad, theirs) == content
        assert refused(ring, other, own.key_id, aad, blob) == "unknown_key"
