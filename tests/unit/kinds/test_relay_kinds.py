"""`kinds.relay_list` (10002, 10050), `kinds.relay_auth` (22242) and the table of `kinds.registry`."""

import ast
from pathlib import Path

import pytest

from kinds import registry, relay_auth, relay_list
from kinds.errors import CODES, KindsError, Unreadable
from kinds.event import Template, sign
from tests.unit.kinds.samples import ISSUER, NOW

RAISED = ("NotAdmitted", "Unreadable", "ChainBroken")
BOTH, READ, WRITE = "wss://both.example", "wss://read.example/inbox", "ws://127.0.0.1:7777"


def test_a_relay_list_survives_the_wire() -> None:
    """NIP-65: a relay without a marker is read and written."""
    template = relay_list.template([BOTH, READ], [BOTH, WRITE], NOW)
    assert template.tags == (("r", BOTH), ("r", READ, "read"), ("r", WRITE, "write"))
    found = relay_list.parse(sign(template, ISSUER))
    assert found == relay_list.RelayList(ISSUER.public, (BOTH, READ), (BOTH, WRITE))


def test_a_dm_relay_list_survives_the_wire() -> None:
    """NIP-17: one `relay` tag each, repeated ones once."""
    found = relay_list.parse_dm(sign(relay_list.dm_template([BOTH, READ, BOTH], NOW), ISSUER))
    assert found == relay_list.DmRelayList(ISSUER.public, (BOTH, READ))


def test_what_is_no_relay_is_left_out() -> None:
    """One typing error does not make a person unreachable; a list of thousands is cut."""
    tags = (
        ("r",),
        ("r", "https://x.example"),
        ("r", "wss://"),
        ("r", "wss://a b"),
        ("r", "wss://me:secret@relay.example"),
        ("r", BOTH, "sideways"),
        ("r", READ),
    )
    assert relay_list.parse(sign(Template(10002, NOW, tags, ""), ISSUER)).read == (READ,)


def test_a_list_of_thousands_is_cut() -> None:
    """Whoever writes a list makes its readers connect: the first ten good ones count, to read and to write each."""
    many = tuple(("relay", f"wss://{number}.example") for number in range(1_000))
    expected = tuple(url for _, url in many[: relay_list.RELAYS_MAX])
    assert relay_list.RELAYS_MAX == 10
    assert relay_list.parse_dm(sign(Template(10050, NOW, many, ""), ISSUER)).relays == expected
    marked = tuple(("r", url, marker) for marker in ("write", "read") for _, url in many)
    found = relay_list.parse(sign(Template(10002, NOW, marked, ""), ISSUER))
    assert (found.read, found.write) == (expected, expected)


def test_one_relay_written_in_several_ways_is_one() -> None:
    """Upper case, the default port and a last slash are the same place; only the normal form is handed on."""
    ways = ("WSS://Relay.Example", "wss://relay.example:443/", "wss://relay.example", "nonsense")
    tags = tuple(("relay", url) for url in ways)
    assert relay_list.parse_dm(sign(Template(10050, NOW, tags, ""), ISSUER)).relays == ("wss://relay.example",)


def test_other_kinds_are_no_relay_lists() -> None:
    """Each parser reads its own kind."""
    for parse in (relay_list.parse, relay_list.parse_dm):
        with pytest.raises(Unreadable) as unreadable:
            parse(sign(Template(1, NOW, (), ""), ISSUER))
        assert unreadable.value.code == "relay-list-malformed"


def test_an_answer_to_a_challenge_is_accepted() -> None:
    """NIP-42: right relay (with or without its last slash), right challenge, about now."""
    event = sign(relay_auth.template("wss://relay.example/", "c1", NOW), ISSUER)
    assert relay_auth.check(event, "wss://Relay.example", "c1", NOW + 60) == ISSUER.public


@pytest.mark.parametrize(
    "template",
    [
        relay_auth.template(BOTH, "old", NOW),
        relay_auth.template(READ, "c1", NOW),
        relay_auth.template(BOTH, "c1", NOW - 601),
        relay_auth.template(BOTH, "c1", NOW)._replace(kind=1),
        Template(22242, NOW, (("challenge", "c1"),), ""),
        Template(22242, NOW, (), ""),
    ],
)
def test_any_other_answer_is_refused(template: Template) -> None:
    """Another challenge, relay, kind or time proves nothing."""
    with pytest.raises(Unreadable) as unreadable:
        relay_auth.check(sign(template, ISSUER), BOTH, "c1", NOW)
    assert unreadable.value.code == "relay-auth-malformed"


def test_the_classes_of_kinds_follow_nip_01() -> None:
    """Ranges and their borders."""
    classes = {
        0: "replaceable",
        1: "regular",
        3: "replaceable",
        7411: "regular",
        9_999: "regular",
        10_000: "replaceable",
    }
    classes |= {19_999: "replaceable", 20_000: "ephemeral", 29_999: "ephemeral", 30_000: "addressable"}
    classes |= {39_999: "addressable", 40_000: "regular", 65_535: "regular"}
    assert {kind: registry.class_of(kind) for kind in classes} == classes


def test_the_table_knows_every_kind_of_the_protocol() -> None:
    """Protocol section 2: all numbers, each with its own class, and none of the numbers that others use."""
    ours = {7411, 7412, 7413, 7414, 7415, 7416, 37411, 37412, 37413}
    others = {0, 4, 5, 8, 30009, 13, 14, 1059, 62, 9734, 9735, 10002, 10050, 21059, 22242, 27235, 30000, 31990}
    assert set(registry.KINDS) == ours | others
    assert not set(registry.KINDS) & set(range(30_402, 30_408))
    for number, kind in registry.KINDS.items():
        assert (kind.number, kind.kind_class) == (number, registry.class_of(number))


def test_an_error_shows_its_code_and_detail() -> None:
    """Log lines hold both."""
    assert str(Unreadable("order-no-id")) == "order-no-id"
    assert str(Unreadable("order-no-id", "here")) == "order-no-id: here"
    assert issubclass(Unreadable, KindsError)


def test_every_code_has_a_sentence_and_a_use() -> None:
    """The codes that this room's source names are exactly the keys of CODES."""
    room = Path(registry.__file__).parent
    named: set[str] = set()
    for path in room.glob("*.py"):
        if path.name != "errors.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            named |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in CODES}
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                    code = node.args[0]
                    assert not isinstance(code, ast.Constant) or code.value in CODES, ast.unparse(node)
    assert named == set(CODES)
    assert all(code == code.lower() and sentence.endswith(".") for code, sentence in CODES.items())
