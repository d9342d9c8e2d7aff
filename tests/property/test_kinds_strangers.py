"""Properties of what strangers write by hand or by machine: NIP-04 texts, NIP-05 names, relays' URLs, work."""

import os
from base64 import b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import nip04, nip05, proof_of_work, relay_url
from kinds.errors import Unreadable
from kinds.event import Template, author, parse_event, sign, to_json, verify
from nostr_loyalty.config.values import relay_url as configured
from tests.unit.kinds.samples import CUSTOMER, ISSUER, NOW

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.text(CHARACTERS, max_size=40)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)
NAMES = st.builds("{}@{}".format, st.from_regex(r"[a-z0-9_.-]{1,64}", fullmatch=True), DOMAINS)
PORTS = st.just("") | st.integers(0, 70_000).map(":{}".format)


@given(st.text(CHARACTERS, max_size=500), st.binary(min_size=16, max_size=16))
def test_whatever_nip04_encrypts_it_decrypts(text: str, iv: bytes) -> None:
    """Between the two keys, from both sides, over the wire."""
    payload = nip04.encrypt(text, CUSTOMER, ISSUER.public, iv)
    message = nip04.parse(verify(parse_event(to_json(sign(nip04.template(ISSUER.public, payload, NOW), CUSTOMER)))))
    assert nip04.decrypt(message.payload, ISSUER, message.author) == text
    assert nip04.decrypt(message.payload, CUSTOMER, ISSUER.public) == text


PAYLOADS = st.one_of(
    st.text(max_size=100),
    st.builds(
        lambda sealed, iv: f"{b64encode(sealed).decode()}?iv={b64encode(iv).decode()}",
        st.binary(max_size=80),
        st.binary(max_size=20),
    ),
    st.builds(lambda blocks: f"{b64encode(os.urandom(16 * blocks)).decode()}?iv={'A' * 22}==", st.integers(1, 5)),
)


@given(PAYLOADS)
def test_any_text_is_decrypted_or_named_by_nip04(payload: str) -> None:
    """decrypt is total: noise that happens to be padded is a text, everything else has a code."""
    try:
        read = nip04.decrypt(payload, ISSUER, CUSTOMER.public)
    except Unreadable as unreadable:
        read = unreadable.code
    assert isinstance(read, str)


@given(NAMES, HEX | st.just(CUSTOMER.public), st.dictionaries(TEXT, TEXT, max_size=3))
def test_a_name_finds_its_key_and_no_other(name: str, pubkey: str, others: dict[str, str]) -> None:
    """The host's answer for the name is read exactly where it gives a key that can be one."""
    local, domain = name.split("@")
    assert nip05.url_of(name) == f"https://{domain}/.well-known/nostr.json?name={local}"
    answer = orjson.dumps({"names": {**others, local: CUSTOMER.public}})
    assert nip05.read(answer, name) == CUSTOMER.public
    others.pop(local, None)
    assert nip05.read(orjson.dumps({"names": others}), name) is None
    assert nip05.read(orjson.dumps({"names": {local: pubkey}}), name) in (pubkey, None)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_answer_of_a_host_is_read(document: bytes | str) -> None:
    """read is total for names; is_name is total for texts, and what is no name gives no URL."""
    assert nip05.read(document, "bob@example.com") is None
    text = document if isinstance(document, str) else document.decode("latin-1")
    if not nip05.is_name(text):
        with pytest.raises(ValueError):
            nip05.url_of(text)


URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["ws", "wss", "WSS", "https"]),
    DOMAINS | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map("[{}]".format) | st.integers(0, 2**32).map(str),
    PORTS,
    st.sampled_from(["", "/", "/x", "?x", "/?x=1"]) | TEXT,
)


@given(st.text(max_size=80) | URLS)
def test_a_relays_url_has_one_normal_form(text: str) -> None:
    """normal is total, does nothing twice, and what it takes the configuration takes in the same form."""
    found = relay_url.normal(text)
    if found is not None:
        assert relay_url.normal(found) == found == configured(text)


@given(HEX, st.integers(0, 300))
def test_work_is_what_was_promised_and_kept(event_id: str, promised: int) -> None:
    """Never more than the id shows, never more than was promised, nothing where the promise was not kept."""
    bits = f"{int(event_id, 16):0256b}"
    assert proof_of_work.difficulty(event_id) == len(bits) - len(bits.lstrip("0"))
    rumor = author(Template(1, NOW, (("nonce", "1", str(promised)),), ""), CUSTOMER.public)._replace(id=event_id)
    kept = promised <= proof_of_work.difficulty(event_id)
    assert proof_of_work.work(rumor) == (promised if kept else 0)
