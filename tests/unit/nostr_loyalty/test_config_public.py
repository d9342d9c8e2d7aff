"""What a configuration says of people and to people: roles, the profile, lists of programs."""

from pathlib import Path

import pytest

from kinds.keys import Address, SecretKey, naddr_encode, npub_encode
from kinds.metadata import Metadata
from kinds.program import address
from kinds.program_set import Item
from nostr_loyalty.config.load import load
from nostr_loyalty.rules.authority import Operator
from nostr_loyalty.rules.program import HandRules
from tests.unit.nostr_loyalty.config_files import MINIMAL, accepted, mistakes, new_key, write

A, B, C = (new_key().public for _ in range(3))
OF_A = address(A, "bar")
LIST = f'[[list]]\nname = "town"\ntitle = "The town"\nprograms = ["{OF_A}"]\n'


def operator(key: str, role: str = "staff", *more: str) -> str:
    """A person with a role."""
    return f'[[program.operator]]\nkey = "{key}"\nrole = "{role}"\n' + "\n".join(more) + "\n"


def with_program(line: str) -> str:
    """The shortest configuration with one more line in [[program]]."""
    return MINIMAL.replace("[[program]]", f"[[program]]\n{line}")


def with_daemon(line: str) -> str:
    """The shortest configuration with one more line in [daemon]."""
    return MINIMAL.replace("[daemon]", f"[daemon]\n{line}")


def with_profile(line: str) -> str:
    """The shortest configuration with a profile."""
    return MINIMAL + f"[daemon.profile]\n{line}"


def with_list(old: str, new: str) -> str:
    """A configuration with a list that says something else in a place."""
    assert old in LIST
    return MINIMAL + LIST.replace(old, new)


def naddr(pubkey: str, slug: str, *relays: str, kind: int = 37411) -> str:
    """An address as people pass it on."""
    return naddr_encode(Address(kind, pubkey, slug, relays))


def test_everybody_has_a_role_and_limits(tmp_path: Path) -> None:
    """Those in `operators` are owners; a limit that is not said of a person is the program's."""
    text = with_program(f'operators = ["{A}"]') + "[program.hand]\ncount = 5\npoints = 50\nundo = '2h'\n"
    text += operator(npub_encode(B), "manager", "count = 7") + operator(C, "staff", "points = 0")
    (program,) = accepted(tmp_path, text).programs
    assert program.staff == (
        Operator(A, "owner", HandRules(5, 50, 7_200)),
        Operator(B, "manager", HandRules(7, 50, 7_200)),
        Operator(C, "staff", HandRules(5, 0, 7_200)),
    )
    assert program.operators == (A, B, C)


def test_a_profile_says_what_is_written(tmp_path: Path) -> None:
    """Each key of the profile comes through, and it says that a machine writes here."""
    names = 'nip05 = "_@a.example"\nlud16 = "tip@a.example"'
    text = with_profile(f'name = "N"\nabout = "A\\nB"\npicture = "https://a.example/i.png"\n{names}')
    assert accepted(tmp_path, text).daemon.profile == Metadata(
        "N", "A\nB", "https://a.example/i.png", "_@a.example", "tip@a.example", bot=True
    )


def test_a_list_says_what_is_written(tmp_path: Path) -> None:
    """Each key of a list comes through; programs come in their order, each once, with the relay that an naddr names."""
    curator = new_key()
    (tmp_path / "curator.key").write_text(curator.nsec(), encoding="ascii")
    (tmp_path / "curator.key").chmod(0o600)
    programs = [
        f"nostr:{naddr(B, 'b', 'wss://B.example:443/', 'wss://c.example')}",
        OF_A,
        address(B, "b"),
        naddr(C, "c"),
    ]
    text = MINIMAL + LIST.replace(f'"{OF_A}"', ", ".join(f'"{each}"' for each in programs))
    text += 'image = "https://a.example/i.png"\ndescription = "D"\nkey = "file:curator.key"\nfollow_set = false\n'
    text += LIST.replace("town", "coast")
    config = load(write(tmp_path, text))
    found, plain = config.lists
    assert (found.name, found.title, found.image, found.description) == (
        "town", "The town", "https://a.example/i.png", "D",
    )  # fmt: skip
    assert found.programs == (Item(address(B, "b"), "wss://b.example"), Item(OF_A), Item(address(C, "c")))
    assert (found.key.public, found.follow_set) == (curator.public, False)
    assert (plain.name, plain.image, plain.description) == ("coast", None, None)
    assert (plain.key, plain.follow_set) == (config.daemon.key, True)


SEVERAL = [
    (
        with_program(f'operators = ["{A}"]') + operator(npub_encode(A)),
        "program[0].operator[0].key: stands in operators too, as an owner; remove it there",
    ),
    (
        MINIMAL + operator(A) + operator(npub_encode(A), "owner"),
        "program[0].operator[1].key: operator[0] has this key already",
    ),
    (MINIMAL + LIST + LIST, 'list[1].name: "town": list[0] has this name already'),
    (MINIMAL + LIST + 'key = "file:nothing.key"', "list[0].key: "),
]
PEOPLE = [
    (MINIMAL + operator("bob"), "program[0].operator[0].key: not a public key; write an"),
    (MINIMAL + operator(A, "boss"), 'program[0].operator[0].role: "boss": must be "owner", "manager" or "staff"'),
    (MINIMAL + operator(A, "staff", "count = -1"), "program[0].operator[0].count: -1: must be at least 0"),
    (MINIMAL + operator(A, "staff", "undo = '1h'"), "operator[0].undo: unknown key here; it belongs in [program.hand]"),
    (MINIMAL + f'[[program.operator]]\nkey = "{A}"\n', "program[0].operator[0].role: missing; write it"),
    (MINIMAL + "[program.operator]\n", "program[0].operator: a table: write [[program.operator]] with double brackets"),
    (with_program('monitors = ["x"]'), 'program[0].monitors[0]: "x": not a public key'),
    (with_program(f"monitors = {[A] * 17}"), "program[0].monitors: a list of 17: must have at most 16 items"),
    (
        with_program('language = "eo"'),
        'program[0].language: "eo": not a language that is spoken here; write "en" (English) or "es" (español)',
    ),
    (with_program("nip04 = 1"), "program[0].nip04: 1: neither true nor false; write one of them, without quotes"),
    (with_program("first_contact_work = 33"), "program[0].first_contact_work: 33: must be at most 32"),
]
DAEMON_KEYS = [
    (with_daemon('staff_relays = ["x"]'), 'daemon.staff_relays[0]: "x": a relay\'s URL begins with wss://'),
    (with_daemon('indexers = "wss://x"'), 'daemon.indexers: "wss://x": not a list'),
    (with_daemon('allow_private_relays = "no"'), 'daemon.allow_private_relays: "no": neither true nor false'),
    *(
        (with_daemon(f'web_handler = "{page}"'), f'daemon.web_handler: "{page}": not an https URL with <bech32> in it;')
        for page in ("https://a.example/", "http://a.example/<bech32>", "https://<bech32>", "https://[a/<bech32>",
                     "https://a.example/<bech32>/<bech32>", "https://a.example/ä<bech32>")
    ),
    (with_profile('name = ""'), 'daemon.profile.name: "": must have at least 1 character'),
    (with_profile('nip05 = "Bob@example.com"'), 'daemon.profile.nip05: "Bob@example.com": not a name in lower case'),
    (with_profile('lud16 = "lnurl1"'), 'daemon.profile.lud16: "lnurl1": not a Lightning address in lower case'),
    (with_profile('picture = "i.png"'), 'daemon.profile.picture: "i.png": not a picture\'s URL'),
    (with_profile("bot = false"), "daemon.profile.bot: unknown key"),
    (with_daemon("profile = 1"), "daemon.profile: 1: not a table; write [daemon.profile] on a line of its own"),
]  # fmt: skip
LISTS = [
    (
        with_list('"town"', '"mute"'),
        'list[0].name: "mute": clients read a follow set of this name as people to silence',
    ),
    (with_list('"town"', '"The town"'), 'list[0].name: "The town": not a slug'),
    (with_list(f'"{OF_A}"', ""), "list[0].programs: []: must have at least 1 item"),
    (with_list(OF_A, A), f'list[0].programs[0]: "{A}": not a program; write its "naddr1…" or "37411:<64 hex digits>'),
    (with_list(OF_A, naddr(A, "Bar")), "not a program"),
    (with_list(OF_A, naddr(A, "bar")[:-1]), "not a program"),
    (with_list(OF_A, naddr(A, "bar", kind=30023)), "this naddr names an event of kind 30023, and a program is of kind"),
    (with_list(f'title = "The town"\nprograms = ["{OF_A}"]', 'title = "T"'), "list[0].programs: missing; write it"),
    (MINIMAL + LIST.replace("[[list]]", "[list]"), "list: a table: write [[list]] with double brackets"),
    (MINIMAL + LIST + 'follow_set = "yes"', 'list[0].follow_set: "yes": neither true nor false'),
    (MINIMAL + LIST + "picture = 1", "list[0].picture: unknown key here; it belongs in [daemon.profile]"),
]


@pytest.mark.parametrize(("text", "line"), [*SEVERAL, *PEOPLE, *DAEMON_KEYS, *LISTS])
def test_one_mistake_gives_one_line(tmp_path: Path, text: str, line: str) -> None:
    """Each kind of mistake is told once, with its place, its value (a key's is not shown) and what to type."""
    found = mistakes(tmp_path, text)
    assert len(found) == 1, found
    assert line in found[0]


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL + operator("{}"), MINIMAL + LIST + 'key = "{}"', MINIMAL + LIST.replace(OF_A, "{}"),
        MINIMAL + LIST.replace('"town"', '"{} "'), with_program('language = "{}"'), with_program('monitors = ["{}"]'),
        with_daemon('web_handler = "{}"'), with_profile('nip05 = "{}"'),
    ],
)  # fmt: skip
def test_a_secret_is_never_repeated(tmp_path: Path, text: str) -> None:
    """Wherever an nsec was pasted, the mistake does not show it."""
    secret: SecretKey = new_key()
    found = mistakes(tmp_path, text.replace("{}", secret.nsec()))
    assert found
    assert secret.nsec()[5:] not in "\n".join(found)
