"""What `kinds.relay_url` promises."""

import pytest

from kinds.relay_url import CHARACTERS_MAX, normal
from nostr_loyalty.config.values import relay_url as configured


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("wss://relay.example", "wss://relay.example"),
        ("WSS://Relay.Example/", "wss://relay.example"),
        ("wss://relay.example:443", "wss://relay.example"),
        ("ws://relay.example:80/", "ws://relay.example"),
        ("ws://relay.example:443", "ws://relay.example:443"),
        ("wss://relay.example:0443", "wss://relay.example"),
        ("wss://relay.example/Inbox/", "wss://relay.example/Inbox/"),
        ("wss://relay.example/?key=A", "wss://relay.example?key=A"),
        ("wss://relay.example/x?", "wss://relay.example/x"),
        ("ws://127.0.0.1:7777", "ws://127.0.0.1:7777"),
        ("ws://[::1]:7777/x", "ws://[::1]:7777/x"),
        ("ws://strfry_1:7777", "ws://strfry_1:7777"),
    ],
)
def test_a_relay_has_one_name(written: str, read: str) -> None:
    """The form in which the configuration keeps it, so that a stranger's URL and the operator's are the same relay."""
    assert normal(written) == normal(read) == read
    assert configured(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "", "relay.example", "wss://", "wss:///", "https://relay.example", "wss:relay.example", "wss://relay.example#x",
        "wss://me@relay.example", "wss://me:secret@relay.example", "wss://relay.example\\@127.0.0.1",
        "wss://a b.example", "wss://relay.example/a b", "wss://relay.example\n", "\twss://relay.example", "wss://relay.exämple",
        "w\u017fs://relay.example", "wss://relay.example:0", "wss://relay.example:65536", "wss://relay.example:x",
        "wss://relay..example", "wss://.relay.example", "wss://relay.example.", "wss://" + "x" * 64 + ".example",
        "wss://[::1", "wss://::1", "wss://[::1%eth0]", "wss://[1.2.3.4]", "wss://[:::]", "wss://relay.example/ü",
        "wss://relay.example/" + "x" * CHARACTERS_MAX,
    ],
)  # fmt: skip
def test_what_is_no_relay(text: str) -> None:
    """Another scheme, a user name, a fragment, characters that two readers take in two ways, a place that cannot be."""
    assert normal(text) is None


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0x7f.1", "1.2.3.4.5", "127.0.0.01", "256.1.1.1"]
)
def test_an_address_in_disguise_is_no_relay(host: str) -> None:
    """Many resolvers take these for 127.0.0.1 or the like; a check of the text would not."""
    assert normal(f"wss://{host}") is None
    assert normal(f"wss://{host}:7777/") is None
