"""What `kinds.event` promises: exact shapes, recomputed ids, deterministic signatures."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kinds.errors import NotAdmitted, Unreadable
from kinds.event import (
    EVENT_BYTES_MAX,
    TAGS_MAX,
    Claimed,
    Event,
    Rumor,
    Template,
    author,
    canonical,
    canonical_of,
    claim,
    parse_event,
    parse_rumor,
    rumor_from_canonical,
    rumor_json,
    sign,
    to_json,
    verify,
    verify_many,
)
from tests.unit.kinds.samples import ISSUER, NOTE, SOURCE

EVENT = sign(NOTE, ISSUER)


def decoded() -> dict[str, Any]:
    """A fresh copy of the sample event as a relay would deliver it."""
    fields: dict[str, Any] = json.loads(to_json(EVENT))
    return fields


def refusal(obj: object) -> str:
    """The code with which `claim` or `verify` refuses something."""
    with pytest.raises(NotAdmitted) as refused:
        verify(claim(obj))
    return refused.value.code


def test_an_event_survives_the_wire() -> None:
    """What was signed comes back as the same Event after JSON, claim and verify."""
    event = verify(parse_event(to_json(EVENT)))
    assert event == EVENT
    assert isinstance(event, Event)
    assert verify(parse_event(to_json(EVENT).encode())) == EVENT


def test_the_four_types_are_told_apart() -> None:
    """A claimed event is not an Event, and a rumor is neither: only verify and sign make an Event."""
    claimed = claim(decoded())
    rumor = author(NOTE, ISSUER.public)
    assert isinstance(claimed, Claimed)
    assert not isinstance(claimed, Event)
    assert isinstance(rumor, Rumor)
    assert not isinstance(rumor, Event | Claimed)
    assert isinstance(sign(rumor, ISSUER), Event)


def test_signing_twice_gives_the_same_bytes() -> None:
    """Signatures are deterministic, from a template and from its rumor alike."""
    assert to_json(sign(NOTE, ISSUER)) == to_json(sign(author(NOTE, ISSUER.public), ISSUER)) == to_json(EVENT)


def test_a_rumor_is_signed_by_its_author_only() -> None:
    """Signing somebody else's rumor is a programming error, not an event."""
    with pytest.raises(ValueError, match="author"):
        sign(author(NOTE, SOURCE.public), ISSUER)


def test_the_id_is_the_hash_of_the_canonical_form() -> None:
    """NIP-01: the id is SHA-256 of [0, pubkey, created_at, kind, tags, content] without white space."""
    document = json.dumps(
        [0, ISSUER.public, NOTE.created_at, NOTE.kind, NOTE.tags, NOTE.content],
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    assert canonical_of(EVENT) == document
    assert hashlib.sha256(document).hexdigest() == EVENT.id


def test_every_character_is_escaped_as_nip_01_says() -> None:
    """Two-letter escapes for seven characters, \\u00xx for other control characters, everything else verbatim."""
    text = "".join(map(chr, range(0x80))) + "\x7f\u2028\u2029\ufeff\U0001f600é"
    document = canonical("a" * 64, 0, 1, (), text).decode()
    assert document == json.dumps([0, "a" * 64, 0, 1, [], text], ensure_ascii=False, separators=(",", ":"))
    for verbatim in ("\x7f", "\u2028", "\ufeff", "\U0001f600", "/"):
        assert verbatim in document
    for escaped in ("\\n", '\\"', "\\\\", "\\r", "\\t", "\\b", "\\f", "\\u0001", "\\u001f"):
        assert escaped in document


@pytest.mark.parametrize("field", ["content", "tags", "kind", "created_at", "pubkey", "id"])
def test_content_that_does_not_match_its_id_is_refused(field: str) -> None:
    """Bug 79: a relay may deliver anything; the id is recomputed, always."""
    fields = decoded()
    changed = {
        "content": "something else",
        "tags": [["p", SOURCE.public]],
        "kind": 2,
        "created_at": 1,
        "pubkey": SOURCE.public,
        "id": "0" * 64,
    }
    fields[field] = changed[field]
    assert refusal(fields) == "wrong-id"


def test_a_forged_signature_is_refused() -> None:
    """Bug 66: a copy with the right id and another signature never becomes an Event."""
    fields = decoded()
    fields["sig"] = sign(author(NOTE, SOURCE.public), SOURCE).sig
    assert refusal(fields) == "wrong-signature"


def test_a_signature_of_another_length_is_refused() -> None:
    """Bug 78: 65 bytes of signature are malformed before the C library sees them; so are 63."""
    fields = decoded()
    assert refusal(fields | {"sig": EVENT.sig + "00"}) == "event-malformed"
    assert refusal(fields | {"sig": EVENT.sig[:-2]}) == "event-malformed"


@pytest.mark.parametrize("field", ["id", "pubkey", "created_at", "kind", "tags", "content", "sig"])
def test_a_missing_field_is_refused(field: str) -> None:
    """All seven fields of NIP-01 are required."""
    fields = decoded()
    del fields[field]
    assert refusal(fields) == "event-malformed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", EVENT.id.upper() if EVENT.id.upper() != EVENT.id else "A" * 64),
        ("id", " " + EVENT.id[1:]),
        ("id", EVENT.id[:-1] + "\n"),
        ("id", None),
        ("pubkey", EVENT.pubkey[:-2]),
        ("pubkey", 7),
        ("sig", b"bytes"),
        ("kind", True),
        ("kind", 1.0),
        ("kind", "1"),
        ("kind", -1),
        ("kind", 65_536),
        ("created_at", False),
        ("created_at", 1.5),
        ("created_at", "17"),
        ("created_at", -1),
        ("created_at", 2**53),
        ("tags", None),
        ("tags", {}),
        ("tags", "p"),
        ("tags", [[]]),
        ("tags", ["p"]),
        ("tags", [["p", 1]]),
        ("tags", [["p", None]]),
        ("tags", [["p", ["x"]]]),
        ("tags", [{"p": "x"}]),
        ("tags", [["p", "\ud800"]]),
        ("content", None),
        ("content", 5),
        ("content", "\udc00"),
    ],
)
def test_a_field_of_the_wrong_type_or_form_is_refused(field: str, value: object) -> None:
    """Exact types: true is no number, 1.0 is no kind, upper-case hex is no id, an empty array is no tag."""
    assert refusal(decoded() | {field: value}) == "event-malformed"


@pytest.mark.parametrize("obj", [None, 1, "event", [], [1], b"", 1.5, True, {}])
def test_what_is_no_object_with_fields_is_refused(obj: object) -> None:
    """Whatever JSON can hold besides an event is named, not raised as something else."""
    assert refusal(obj) == "event-malformed"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b'{"kind": NaN}', b'{"kind": Infinity}', b"[1,]", '"\\ud800"']
)
def test_what_is_not_json_is_refused(text: bytes | str) -> None:
    """Bad UTF-8, NaN, cut texts and lone surrogates are not JSON."""
    with pytest.raises(NotAdmitted) as refused:
        parse_event(text)
    assert refused.value.code == "event-not-json"


def test_of_duplicate_keys_the_last_is_taken_and_must_match_the_id() -> None:
    """A second `content` replaces the first; since the id is recomputed from it, nobody can be shown two events."""
    text = to_json(EVENT)
    assert refusal(json.loads(text[:-1] + ',"content":"other"}')) == "wrong-id"
    with pytest.raises(NotAdmitted) as refused:
        verify(parse_event(text[:-1] + ',"content":"other"}'))
    assert refused.value.code == "wrong-id"


def test_size_is_bounded() -> None:
    """5,000 tags, a text over the limit and a body over the limit are refused by name."""
    assert refusal(decoded() | {"tags": [["t", "x"]] * 5_000}) == "too-many-tags"
    assert refusal(decoded() | {"content": "x" * (EVENT_BYTES_MAX + 1)}) == "event-too-large"
    with pytest.raises(NotAdmitted) as refused:
        parse_event("x" * (EVENT_BYTES_MAX + 1))
    assert refused.value.code == "event-too-large"
    wide = sign(Template(1, 1, (), "\U0001f600" * (EVENT_BYTES_MAX // 4)), ISSUER)
    assert refusal(json.loads(to_json(wide))) == "event-too-large"


def test_the_greatest_number_of_tags_is_read() -> None:
    """The limit itself is allowed."""
    event = sign(Template(1, 1, (("t", "x"),) * TAGS_MAX, ""), ISSUER)
    assert verify(parse_event(to_json(event))) == event


def test_unknown_fields_are_ignored() -> None:
    """A relay's own additions do not make an event unreadable: the id does not cover them."""
    assert verify(claim(decoded() | {"seen_on": ["wss://relay.example"]})) == EVENT


def test_many_are_verified_in_order() -> None:
    """verify_many keeps places: a refused event leaves its exception where the event would be."""
    good = claim(decoded())
    bad = good._replace(content="changed")
    results = verify_many([good, bad, good])
    assert results[0] == results[2] == EVENT
    assert isinstance(results[1], NotAdmitted)
    assert results[1].code == "wrong-id"


def test_threads_agree() -> None:
    """Signing and verifying from several threads at once gives the same as one after another."""
    templates = [NOTE._replace(content=str(number)) for number in range(200)]
    expected = [sign(template, ISSUER) for template in templates]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda template: sign(template, ISSUER), templates)) == expected
        claims = [parse_event(to_json(event)) for event in expected]
        chunks = list(threads.map(verify_many, [claims[at : at + 25] for at in range(0, 200, 25)]))
    assert [event for chunk in chunks for event in chunk] == expected


def test_a_rumor_survives_json_and_its_canonical_document() -> None:
    """Both ways of keeping a rumor give it back whole, id included."""
    rumor = author(NOTE, SOURCE.public)
    assert parse_rumor(rumor_json(rumor)) == rumor
    assert rumor_from_canonical(canonical_of(rumor)) == rumor


def test_a_rumor_may_leave_its_id_out_but_not_lie_about_it() -> None:
    """The id is recomputed: absent is fine, wrong is named."""
    rumor = author(NOTE, SOURCE.public)
    fields = json.loads(rumor_json(rumor))
    del fields["id"]
    assert parse_rumor(json.dumps(fields)) == rumor
    for wrong in ("0" * 64, None, 5):
        with pytest.raises(Unreadable) as unreadable:
            parse_rumor(json.dumps(fields | {"id": wrong}))
        assert unreadable.value.code == "rumor-wrong-id"


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"pubkey":"A"}', b"\xff"])
def test_what_is_no_rumor_is_unreadable(text: str | bytes) -> None:
    """Whatever stands inside a seal is read or named."""
    with pytest.raises(Unreadable) as unreadable:
        parse_rumor(text)
    assert unreadable.value.code == "rumor-malformed"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b"7",
        b'[0,"",1,1,[],""]',
        canonical_of(EVENT) + b" ",
        canonical_of(EVENT).replace(b"[0,", b"[1,"),
    ],
)
def test_only_a_canonical_document_is_a_rumor(document: bytes) -> None:
    """One byte more or another form would be another id for the same fields: refused."""
    with pytest.raises(Unreadable) as unreadable:
        rumor_from_canonical(document)
    assert unreadable.value.code == "document-malformed"


def test_text_without_utf8_form_has_no_canonical_form() -> None:
    """Our own templates with a lone surrogate fail with a ValueError, before anything is signed."""
    with pytest.raises(ValueError, match="canonical"):
        sign(Template(1, 1, (), "\ud800"), ISSUER)
