"""What the operator reads when the configuration cannot be used: all mistakes at once, each with place and remedy."""

from pathlib import Path

import pytest

from tests.unit.nostr_loyalty.config_files import DAEMON, EARN, MINIMAL, PROGRAM, mistakes, new_key


def with_daemon(line: str) -> str:
    """The shortest configuration with one more line in [daemon]."""
    return MINIMAL.replace("[daemon]", f"[daemon]\n{line}")


def with_relays(text: str) -> str:
    """The shortest configuration with another list of relays."""
    return MINIMAL.replace('["wss://relay.example.com"]', text)


def with_program(line: str) -> str:
    """The shortest configuration with one more line in [[program]]."""
    return MINIMAL.replace("[[program]]", f"[[program]]\n{line}")


def test_an_unknown_unit_is_told_as_in_the_documentation(tmp_path: Path) -> None:
    """Place, value, what is wrong and what to type, in one line."""
    assert mistakes(tmp_path, MINIMAL.replace("1000 sat", "1000 sats")) == (
        'program[0].earn[0].per: "1000 sats": unknown unit "sats"; write an amount and a unit, for example "1000 sat"',
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (with_daemon("acks = 0"), "daemon.acks: 0: must be at least 1"),
        (with_daemon('acks = "1"'), 'daemon.acks: "1": not a whole number; write it without quotes'),
        (with_daemon("acks = 1.0"), "daemon.acks: 1.0: not a whole number"),
        (with_daemon("acks = true"), "daemon.acks: true: not a whole number"),
        (with_daemon("acks = 2"), "daemon.acks: 2: only 1 relay can accept an event"),
        (with_daemon("batch_max = 5000"), "daemon.batch_max: 5000: must be at most 4096"),
        (with_daemon('log_level = "INFO"'), 'daemon.log_level: "INFO": must be "debug", "info", "warning" or "error"'),
        (with_daemon("database = 3"), "daemon.database: 3: not a text; write it in quotes"),
        (with_daemon('database = "a\\u0000b"'), 'daemon.database: "a\\u0000b": not a path'),
        (with_daemon('relais = ["wss://x"]'), 'daemon.relais: unknown key; did you mean "relays"?'),
        (with_daemon('slug = "x"'), "daemon.slug: unknown key here; it belongs in [[program]]"),
        (with_daemon("zzz = 1"), "daemon.zzz: unknown key; known here: key, database, relays"),
        (with_relays('"wss://x"'), 'daemon.relays: "wss://x": not a list; write it in brackets'),
        (with_relays("[]"), "daemon.relays: no relay; write for example"),
        (
            with_relays('["https://x.example"]'),
            'daemon.relays[0]: "https://x.example": a relay\'s URL begins with wss://',
        ),
        (with_relays('["wss://u:p@x.example"]'), "has no user name, password or #fragment"),
        (with_relays('["wss://x.example:99999"]'), "not a URL"),
        (with_relays('["wss://"]'), "names no host"),
        (with_relays('["wss://a b"]'), "not a relay URL"),
        (with_program('tz = "Madrid"'), 'program[0].tz: "Madrid": not a time zone; write an IANA name'),
        (with_program('tz = "../etc/passwd"'), "not a time zone"),
        (with_program('tz = "Europe"'), "not a time zone"),
        (with_program('sources = ["npub1"]'), 'program[0].sources[0]: "npub1": not a public key'),
        (with_program('visibility = "secret"'), 'program[0].visibility: "secret": must be "private" or "public"'),
        (with_program('unit = ["point"]'), "program[0].unit: a list of 1: must have at least 2 items"),
        (with_program('summary = "a\\nb"'), "holds a control character"),
        (with_program('terms = "a\\u0000b"'), "program[0].terms: "),
        (with_program('image = "logo.png"'), 'program[0].image: "logo.png": not a picture\'s URL'),
        (with_program('relays = ["http://x"]'), 'program[0].relays[0]: "http://x": a relay\'s URL'),
        (with_program("titel = 1"), 'program[0].titel: unknown key; did you mean "title"?'),
        (MINIMAL.replace("Café Sol", ""), 'program[0].title: "": must have at least 1 character'),
        (MINIMAL.replace("Café Sol", "x" * 201), "must have at most 200 characters"),
        (MINIMAL.replace("cafe-sol", "Café Sol"), 'program[0].slug: "Café Sol": not a slug'),
        (MINIMAL.replace("points = 1", "points = 0"), "program[0].earn[0].points: 0: must be at least 1"),
        (MINIMAL.replace("points = 1", ""), "program[0].earn[0].points: missing"),
        (MINIMAL.replace('"spend"', '"spent"'), 'program[0].earn[0].type: "spent": must be "spend"'),
        (MINIMAL.replace("1000 sat", "0 EUR"), "must be above 0"),
        (MINIMAL.replace("1000 sat", "1.234 EUR"), "more decimals than EUR has"),
        (MINIMAL.replace("1000 sat", "-1 EUR"), "not a plain decimal number"),
        (MINIMAL.replace("1000 sat", "1000"), "not an amount"),
        (DAEMON + PROGRAM, "program[0].earn: missing; add a section [[program.earn]]"),
        (MINIMAL.replace("[[program]]", "[program]"), "program: a table: write [[program]] with double brackets"),
        (MINIMAL.replace("[[program.earn]]", "[program.earn]"), "write [[program.earn]] with double brackets"),
        (MINIMAL.replace("[daemon]", "[[daemon]]"), "daemon: a list of 1: not a table; write [daemon]"),
        ("daemon = 3" + PROGRAM + EARN, "daemon: 3: not a table"),
        (MINIMAL + "[relay]\nlisten = '7777'", 'relay.listen: "7777": not an address and a port'),
        (MINIMAL + "[relay]\nlisten = '127.0.0.1:0'", "the port must be 1 to 65535"),
        (MINIMAL + "[relay]\nlisten = '::1:7777'", "an IPv6 address stands in brackets"),
        (MINIMAL + EARN, 'program[0].earn[1].per: "1000 sat": earn[0] is a rule for the same money'),
        (MINIMAL + EARN.replace("1000 sat", "5 msat"), "earn[0] is a rule for the same money"),
        (MINIMAL + PROGRAM + EARN, 'program[1].slug: "cafe-sol": program[0] has this slug already'),
    ],
)
def test_one_mistake_gives_one_line(tmp_path: Path, text: str, line: str) -> None:
    """Each kind of mistake is told once, with its place in the file, its value and what to type."""
    found = mistakes(tmp_path, text)
    assert len(found) == 1, found
    assert line in found[0]


def test_all_mistakes_are_told_at_once_in_the_file_s_order(tmp_path: Path) -> None:
    """Form, agreement and keys are one report, grouped by section."""
    text = MINIMAL.replace("loyalty.key", "nothing.key").replace('"spend"', '"x"') + PROGRAM + "colour = 1\n"
    found = mistakes(tmp_path, text.replace("[daemon]", "[daemon]\nacks = 9"))
    assert [line.split(":")[0] for line in found] == [
        "daemon.key",
        "daemon.acks",
        "program[0].earn[0].type",
        "program[1].earn",
        "program[1].colour",
        "program[1].slug",
    ]


def test_acks_count_relays_and_not_their_spellings(tmp_path: Path) -> None:
    """Two spellings of one relay are one relay, also the embedded one's."""
    assert mistakes(tmp_path, with_relays('["wss://x.example", "wss://X.example:443/"]\nacks = 2'))
    embedded = with_relays('["ws://127.0.0.1:7777"]\nacks = 2') + "[relay]\n"
    assert mistakes(tmp_path, embedded) == ("daemon.acks: 2: only 1 relay can accept an event",)


def test_a_program_with_too_few_relays_for_acks_is_told(tmp_path: Path) -> None:
    """A program's own list of relays must be able to give as many acks as the daemon asks for."""
    text = with_relays('["wss://a.example", "wss://b.example"]\nacks = 2')
    found = mistakes(tmp_path, text.replace("[[program]]", '[[program]]\nrelays = ["wss://c.example"]'))
    assert found == ("program[0].relays: a list of 1: daemon.acks asks for 2 relays to accept an event",)


@pytest.mark.parametrize("place", ["key", "sources", "operators", "title", "kye", "nsec"])
def test_a_secret_is_never_repeated(tmp_path: Path, place: str) -> None:
    """Wherever an nsec was pasted, the message does not hold it."""
    secret = new_key().nsec()
    value = f'["{secret}"]' if place in ("sources", "operators") else f'"{secret}"'
    text = MINIMAL.replace('title = "Café Sol"', f"{place} = {value}") + "[x]\n"
    found = mistakes(tmp_path, text)
    assert found
    assert secret[5:] not in "\n".join(found)


def test_a_secret_in_hex_under_key_is_never_repeated(tmp_path: Path) -> None:
    """64 hex digits as `key` are refused without being shown."""
    secret = "5c" * 32
    found = mistakes(tmp_path, MINIMAL.replace("file:loyalty.key", secret))
    assert found == ('daemon.key: not a key; write "file:loyalty.key", "env:NAME" or an ncryptsec',)


def test_a_key_of_the_wrong_type_is_told_without_its_value(tmp_path: Path) -> None:
    """Also a number in the place of a key is not shown."""
    (found,) = mistakes(tmp_path, MINIMAL.replace('"file:loyalty.key"', "12345678"))
    assert found.startswith("daemon.key: not a text")
    assert "12345678" not in found
