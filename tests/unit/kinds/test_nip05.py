"""What `kinds.nip05` promises."""

import json

import pytest

from kinds.nip05 import DOCUMENT_MAX, is_name, read, url_of
from tests.unit.kinds.samples import CUSTOMER

BOB = "b0635d6a9851d3aed0cd6c495b282167acf761729078d975fc341b22650b07b9"
RELAYS = ["wss://relay.example.com", "wss://relay2.example.com"]


def test_the_example_of_nip_05_is_read() -> None:
    """The NIP's name, the URL that it gives and both of its answers."""
    assert url_of("bob@example.com") == "https://example.com/.well-known/nostr.json?name=bob"
    assert read(json.dumps({"names": {"bob": BOB}}), "bob@example.com") == BOB
    assert read(json.dumps({"names": {"bob": BOB}, "relays": {BOB: RELAYS}}).encode(), "bob@example.com") == BOB


@pytest.mark.parametrize(
    "name", ["bob@example.com", "_@example.com", "a.b-c_1@x.co", "bob@sub.example.co.uk", "bob@xn--caf-dma.example"]
)
def test_names(name: str) -> None:
    """Local parts of a-z, 0-9, "-", "_" and "."; domains with at least one dot."""
    assert is_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "", "bob", "@example.com", "bob@", "Bob@example.com", "bob@Example.com", "bob@example", "bob@localhost",
        "bob@example.com.", "bob@.example.com", "bob@exa mple.com", "bob@127.0.0.1", "bob@[::1]", "bob@1.2.3",
        "bob@example.com:8080", "bob@example.com/x", "bob@example.com?x", "bob@example.com#x", "b&name=eve@example.com",
        "bob@eve@example.com", "bob@example.com\n", "böb@example.com", "bob@exämple.com", "bob@-x.com", "bob@x-.com",
        "x" * 65 + "@example.com", "bob@" + "x" * 64 + ".com", "bob@" + "x." * 126 + "com", "bob@0x7f.0x1",
    ],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    """Addresses, ports, paths and whatever else would make us ask another place: no name, no URL, no reading."""
    assert not is_name(text)
    with pytest.raises(ValueError):
        url_of(text)
    with pytest.raises(ValueError):
        read("{}", text)


@pytest.mark.parametrize(
    "document",
    [
        "", "x", "[]", "null", "{}", '{"names": []}', '{"names": {}}', json.dumps({"names": {"eve": BOB}}),
        json.dumps({"names": {"Bob": BOB}}), '{"names": {"bob": 7}}', '{"names": {"bob": null}}',
        json.dumps({"names": {"bob": BOB.upper()}}), json.dumps({"names": {"bob": BOB[:-1]}}),
        json.dumps({"names": {"bob": "0" * 64}}), json.dumps({"bob": BOB}), '{"names": {"bob": "\\ud800"}}',
    ],
)  # fmt: skip
def test_an_answer_that_names_no_key_gives_none(document: str) -> None:
    """Another name, another form, a key that is no point of the curve (NIP-05: hex, lower case)."""
    assert read(document, "bob@example.com") is None


def test_an_answer_has_a_size() -> None:
    """One byte more than we read is no answer, whatever it says."""
    answer = json.dumps({"names": {"bob": CUSTOMER.public}})
    assert read(answer + " " * (DOCUMENT_MAX - len(answer)), "bob@example.com") == CUSTOMER.public
    assert read(answer + " " * (DOCUMENT_MAX - len(answer) + 1), "bob@example.com") is None
