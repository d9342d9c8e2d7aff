"""Properties of events, encryption and wraps: round trips, total parsers, and no change that goes unnoticed."""

import os
from base64 import b64encode
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import nip44
from kinds.errors import NotAdmitted, Unreadable
from kinds.event import (
    Claimed,
    Event,
    Template,
    author,
    canonical_of,
    claim,
    parse_event,
    parse_rumor,
    rumor_from_canonical,
    rumor_json,
    sign,
    to_json,
    verify,
)
from kinds.gift_wrap import gift_wrap, unwrap
from tests.unit.kinds.samples import ISSUER, SOURCE

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TAGS = st.lists(st.lists(TEXT, min_size=1, max_size=4).map(tuple), max_size=6).map(tuple)
TEMPLATES = st.builds(Template, st.integers(0, 65_535), st.integers(0, 2**53 - 1), TAGS, TEXT)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
CONVERSATION = nip44.conversation_key(SOURCE, ISSUER.public)


@given(TEMPLATES)
def test_whatever_is_signed_verifies_after_the_wire(template: Template) -> None:
    """sign, to_json, parse_event, verify give the event back, and its rumor both ways."""
    event = sign(template, ISSUER)
    assert verify(parse_event(to_json(event))) == event
    rumor = author(template, ISSUER.public)
    assert parse_rumor(rumor_json(rumor)) == rumor_from_canonical(canonical_of(event)) == rumor


@given(TEMPLATES, st.data())
def test_a_change_of_any_field_is_noticed(template: Template, data: st.DataObject) -> None:
    """Bug 79: no single field can be changed without verify refusing the event."""
    event = sign(template, ISSUER)
    name = data.draw(st.sampled_from(Claimed._fields))
    other = sign(data.draw(TEMPLATES), SOURCE)
    changed = Claimed._make(event)._replace(**{name: getattr(other, name)})
    if changed == event:
        return
    with pytest.raises(NotAdmitted) as refused:
        verify(changed)
    assert refused.value.code == ("wrong-signature" if name == "sig" else "wrong-id")


@given(st.integers(0, 511), TEMPLATES)
def test_a_flipped_bit_of_the_signature_is_noticed(bit: int, template: Template) -> None:
    """Bug 66: a copy that differs in one bit of its signature is no event."""
    event = sign(template, ISSUER)
    signature = bytearray.fromhex(event.sig)
    signature[bit >> 3] ^= 1 << (bit & 7)
    with pytest.raises(NotAdmitted) as refused:
        verify(Claimed._make(event)._replace(sig=signature.hex()))
    assert refused.value.code == "wrong-signature"


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_are_an_event_or_not_admitted(data: bytes | str) -> None:
    """parse_event is total."""
    try:
        parse_event(data)
    except NotAdmitted:
        pass


FIELDS = st.fixed_dictionaries(
    dict.fromkeys(Claimed._fields, JSON)
    | {"created_at": st.just(1) | JSON, "kind": st.just(1) | JSON, "content": st.text(max_size=5) | JSON}
)


@given(JSON | FIELDS, st.lists(st.sampled_from(Claimed._fields)))
def test_any_json_is_an_event_or_not_admitted(obj: Any, kept: list[str]) -> None:
    """claim is total, on arbitrary JSON and on a genuine event with arbitrary fields in it; so is what follows it."""
    genuine = orjson.loads(to_json(sign(Template(1, 1, (("p", "x"),), "hello"), ISSUER)))
    if isinstance(obj, dict):
        obj = {**obj, **{name: genuine[name] for name in kept}}
    try:
        event = verify(claim(obj))
    except NotAdmitted:
        return
    assert isinstance(event, Event)
    assert to_json(event)


@given(JSON, st.binary(max_size=200))
def test_any_text_is_a_rumor_or_unreadable(obj: Any, data: bytes) -> None:
    """parse_rumor and rumor_from_canonical are total."""
    for text in (orjson.dumps(obj, default=str) if _writable(obj) else b"", data):
        for parse in (parse_rumor, rumor_from_canonical):
            try:
                parse(text)
            except Unreadable:
                pass


def _writable(obj: Any) -> bool:
    try:
        orjson.dumps(obj)
    except orjson.JSONEncodeError:
        return False
    return True


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3_000), st.binary(min_size=32, max_size=32)
)
def test_whatever_is_encrypted_decrypts(plaintext: str, nonce: bytes) -> None:
    """NIP-44 round trip."""
    assert nip44.decrypt(nip44.encrypt(plaintext, CONVERSATION, nonce), CONVERSATION) == plaintext


@given(st.text(max_size=400) | st.binary(min_size=99, max_size=400).map(lambda data: _payload(b"\x02" + data)))
def test_any_text_decrypts_or_is_unreadable(payload: str) -> None:
    """decrypt is total."""
    with pytest.raises(Unreadable):
        nip44.decrypt(payload, CONVERSATION)


def _payload(data: bytes) -> str:

    return b64encode(data).decode()


@given(TEMPLATES)
def test_whatever_is_wrapped_unwraps(template: Template) -> None:
    """NIP-59 round trip, byte-identical when repeated."""
    rumor, seed = author(template, SOURCE.public), os.urandom(32)
    event = gift_wrap(rumor, SOURCE, ISSUER.public, CONVERSATION, seed=seed, now=1_750_000_000)
    assert unwrap(verify(parse_event(to_json(event))), ISSUER) == rumor
    assert gift_wrap(rumor, SOURCE, ISSUER.public, CONVERSATION, seed=seed, now=1_750_000_000) == event


@given(
    st.sampled_from([1059, 21059, 1, 13]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.booleans(),
)
def test_any_event_unwraps_or_is_unreadable(kind: int, content: str, encrypted: bool) -> None:
    """unwrap is total for verified events, whatever their content is or decrypts to."""
    if encrypted and content:
        content = nip44.encrypt(content, CONVERSATION, os.urandom(32))
    with pytest.raises(Unreadable):
        unwrap(sign(Template(kind, 1, (), content), SOURCE), ISSUER)
