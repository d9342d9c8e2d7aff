"""What a valid configuration means, and how a whole file is read."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from kinds.keys import npub_encode
from kinds.metadata import Metadata
from nostr_loyalty.config.load import FILE_BYTES_MAX, load
from nostr_loyalty.config.model import ConfigFile, DaemonSection, ProgramSection
from nostr_loyalty.config.sections import TABLES
from nostr_loyalty.errors import ConfigInvalid
from nostr_loyalty.rules.program import ProgramRules, SpendRule
from tests.unit.nostr_loyalty.config_files import DAEMON, EARN, MINIMAL, PROGRAM, accepted, mistakes, new_key, write

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
BARE = '[daemon]\nkey = "file:loyalty.key"\n[relay]\n'


def test_the_shortest_file_gets_the_documented_defaults(tmp_path: Path) -> None:
    """A key, a relay, a slug, a title and a rule are enough; everything else has its default."""
    config = accepted(tmp_path, MINIMAL)
    (program,) = config.programs
    assert config.daemon.database == tmp_path / "loyalty.db"
    assert config.daemon.dm_relays == config.daemon.relays == ("wss://relay.example.com",)
    assert (config.daemon.acks, config.daemon.log_level, config.daemon.batch_max) == (1, "info", 512)
    assert (config.daemon.catch_up_interval_s, config.daemon.stop_deadline_s) == (60, 10)
    assert (config.daemon.staff_relays, config.daemon.indexers, config.daemon.allow_private_relays) == ((), (), False)
    assert (config.daemon.web_handler, config.daemon.profile) == (None, Metadata(bot=True))
    assert (config.relay, config.lists) == (None, ())
    assert (program.staff, program.monitors, program.language) == ((), (), "en")
    assert (program.nip04, program.first_contact_work) == (False, 0)
    assert program.key is config.daemon.key
    assert program.relays == config.daemon.relays
    assert (program.visibility, program.unit) == ("private", ("point", "points"))
    assert (program.sources, program.operators, program.terms) == ((), (), "")
    assert (program.point_value, program.claim_url) == (None, None)
    assert program.rules() == ProgramRules((SpendRule(1, 1_000_000, "msat"),), "floor", ZoneInfo("UTC"))


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder does not matter, only where the configuration stands."""
    monkeypatch.chdir("/")
    config = accepted(tmp_path, MINIMAL.replace("[daemon]", '[daemon]\ndatabase = "data/points.db"'))
    assert config.daemon.database == tmp_path / "data" / "points.db"


SET = """
[daemon]
key = "file:loyalty.key"
database = "x.db"
relays = ["wss://One.example:443/", "wss://one.example", "ws://two.example/path"]
dm_relays = ["wss://dm.example"]
staff_relays = ["wss://staff.example", "wss://dm.example", "wss://STAFF.example"]
indexers = ["wss://index.example"]
allow_private_relays = true
acks = 3
log_level = "debug"
batch_max = 7
catch_up_interval_s = 8
stop_deadline_s = 9
web_handler = "https://a.example/#/<bech32>"
[relay]
listen = "[::1]:7000"
data = "d"
"""
"""[daemon] and [relay] with each key set to what is not its default."""


def test_every_setting_of_the_daemon_reaches_it(tmp_path: Path) -> None:
    """Bug 57: no key of the file is read and then forgotten: each one that is set comes out changed."""
    config = accepted(tmp_path, SET + PROGRAM + EARN)
    daemon = config.daemon
    assert daemon.database == tmp_path / "x.db"
    assert daemon.relays == ("ws://[::1]:7000", "wss://one.example", "ws://two.example/path")
    assert daemon.dm_relays == ("wss://dm.example",)
    assert daemon.staff_relays == ("wss://staff.example", "wss://dm.example")
    assert daemon.wrap_relays == ("wss://dm.example", "wss://staff.example")
    assert (daemon.indexers, daemon.allow_private_relays) == (("wss://index.example",), True)
    assert daemon.web_handler == "https://a.example/#/<bech32>"
    assert (daemon.acks, daemon.log_level, daemon.batch_max) == (3, "debug", 7)
    assert (daemon.catch_up_interval_s, daemon.stop_deadline_s) == (8, 9)
    assert config.relay is not None
    assert (str(config.relay.listen), config.relay.data) == ("[::1]:7000", tmp_path / "d")


def test_every_setting_of_a_program_reaches_the_daemon(tmp_path: Path) -> None:
    """The same of a program's section, but for what it decides (test_config_rules.py) and people with a role
    (test_config_public.py).
    """
    key, source, operator, display = new_key(), new_key(), new_key(), new_key()
    text = f"""
[[program]]
slug = "a-1"
title = "A"
summary = "S"
image = "https://a.example/i.png"
terms = "T\\nU"
key = "{key.nsec()}"
sources = ["{npub_encode(source.public)}", "{source.public}"]
operators = ["{operator.public}"]
monitors = ["{display.public}", "{npub_encode(display.public)}"]
language = "es"
nip04 = true
first_contact_work = 12
relays = ["wss://p.example", "wss://q.example", "wss://r.example"]
visibility = "public"
status = "paused"
tz = "Europe/Madrid"
rounding = "half_up"
unit = ["stamp", "stamps"]
earn = [{{type = "spend", points = 2, per = "1.50 EUR"}}, {{type = "spend", points = 1, per = "1000 msat"}}]
"""
    (program,) = load(write(tmp_path, SET + text, mode=0o600)).programs
    assert (program.slug, program.title, program.summary, program.terms) == ("a-1", "A", "S", "T\nU")
    assert (program.image, program.key.public) == ("https://a.example/i.png", key.public)
    assert (program.sources, program.operators) == ((source.public,), (operator.public,))
    assert (program.monitors, program.language) == ((display.public,), "es")
    assert (program.nip04, program.first_contact_work) == (True, 12)
    assert program.relays == ("wss://p.example", "wss://q.example", "wss://r.example")
    assert (program.visibility, program.unit) == ("public", ("stamp", "stamps"))
    spend = (SpendRule(2, 150, "EUR"), SpendRule(1, 1000, "msat"))
    assert program.rules() == ProgramRules(spend, "half_up", ZoneInfo("Europe/Madrid"), "paused")


def test_the_embedded_relay_alone_is_enough(tmp_path: Path) -> None:
    """A section [relay] adds its URL to the relays, first, also where there is no other."""
    assert accepted(tmp_path, BARE + PROGRAM + EARN).daemon.relays == ("ws://127.0.0.1:7777",)


@pytest.mark.parametrize("listen", ["0.0.0.0:7777", "[::]:7777", "[::0]:7777"])
@pytest.mark.parametrize(("of_daemon", "of_program"), [(True, False), (False, True), (True, True)])
def test_nobody_is_told_an_address_that_only_this_machine_reaches(
    tmp_path: Path, listen: str, of_daemon: bool, of_program: bool
) -> None:
    """A relay that listens at every address is named by the lists of the program and of 10050, or refused."""
    public = '["wss://cafe.example"]'
    text = DAEMON + (f"dm_relays = {public}\n" if of_daemon else "") + f'[relay]\nlisten = "{listen}"\n'
    text += PROGRAM + (f"relays = {public}\n" if of_program else "") + EARN
    if of_daemon and of_program:
        config = accepted(tmp_path, text)
        assert (config.daemon.dm_relays, config.programs[0].relays) == (("wss://cafe.example",),) * 2
        return
    (line,) = mistakes(tmp_path, text)
    assert line.startswith(f'relay.listen: "{listen}": others would be told ws://')
    assert 'for example "192.168.1.20:7777", or its name in dm_relays of [daemon] and in relays of every' in line


def test_the_address_of_a_relay_in_the_venues_network_is_told_to_everybody(tmp_path: Path) -> None:
    """One address of this machine is where the relay listens, and where tills and guests are told to find it."""
    config = accepted(tmp_path, BARE + 'listen = "192.168.1.20:7777"\n' + PROGRAM + EARN)
    assert config.daemon.dm_relays == config.programs[0].relays == ("ws://192.168.1.20:7777",)


def test_secrets_do_not_show(tmp_path: Path) -> None:
    """Neither the settings nor the parsed file print a secret key."""
    key = new_key()
    path = write(tmp_path, MINIMAL.replace("file:loyalty.key", key.nsec()), mode=0o600)
    parsed = ConfigFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    for text in (repr(load(path)), str(parsed), repr(parsed)):
        assert "nsec1" not in text


def test_the_example_loads_and_names_exactly_the_known_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """config.example.toml is a working file that sets every key of every table, in the form's order, and no other."""
    monkeypatch.setenv("CAFE_SOL_KEY", new_key().nsec())
    monkeypatch.setenv("CURATOR_KEY", new_key().nsec())
    text = EXAMPLE.read_text(encoding="utf-8")
    assert mistakes(tmp_path, text) == ()
    raw = tomllib.loads(text)
    assert list(raw) == list(ConfigFile.model_fields)
    for table in TABLES.values():
        assert keys_in(rows_of(raw, table.name)) == set(table.keys)
    assert list(raw["daemon"]) == list(DaemonSection.model_fields)
    assert list(raw["program"][0]) == list(ProgramSection.model_fields)


def rows_of(raw: Any, name: str) -> list[dict[str, Any]]:
    """The tables of this name in a file."""
    rows = [raw]
    for step in name.split("."):
        found = [row[step] for row in rows]
        rows = [row for each in found for row in (each if isinstance(each, list) else [each])]
    return rows


def keys_in(rows: list[dict[str, Any]]) -> set[str]:
    """The keys that any of these sets."""
    return {key for row in rows for key in row}


def test_the_example_shows_every_way_of_earning() -> None:
    """There is one rule of each type, so that each can be copied."""
    rows = rows_of(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), "program.earn")
    assert {row["type"] for row in rows} == set(TABLES["program.earn"].models)


def test_the_example_names_every_default() -> None:
    """Each key of the example stands, where it first comes, under a comment with its default: it is the model's."""
    pieces = re.split(r"^\[+([a-z_.]+)\]+$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    texts: dict[str, str] = {}
    for name, text in zip(pieces[::2], pieces[1::2], strict=True):
        texts[name] = texts.get(name, "") + text
    assert set(texts) == set(TABLES)
    for table in TABLES.values():
        for name, field in {k: f for model in table.models.values() for k, f in model.model_fields.items()}.items():
            if f"{table.name}.{name}" in TABLES:
                continue
            comment = re.search(rf"((?:^#.*\n)+){name} = ", texts[table.name], re.MULTILINE)
            assert comment is not None, (table.name, name)
            check_default(comment[1], field, f"{table.name}.{name}")


def check_default(comment: str, field: FieldInfo, where: str) -> None:
    """A default that is written as a value is the model's own; one that is told in words has none of its own."""
    stated = re.search(r"Default: (\[.*?\]|\".*?\"|[0-9]+|[a-z]+)", comment)
    if field.is_required():
        assert "No default" in comment, where
        assert stated is None, where
        return
    assert stated is not None, where
    try:
        told = tomllib.loads(f"x = {stated[1]}")["x"]
    except tomllib.TOMLDecodeError:
        assert field.get_default() in (None, "", []), where
        return
    whole: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    assert TypeAdapter(whole).validate_python(told) == field.get_default(), where


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[daemon\n", "not TOML: .*line 1, column 8"),
        (b"[daemon]\nkey = 1\nkey = 2\n", "not TOML: .*line 3"),
        (b'[daemon]\nkey = "\xff"\n', r"not UTF-8 \(at line 2\)"),
        (b"x = " + b"[" * 100_000, "nested too deeply|not TOML"),
        (b"#" * (FILE_BYTES_MAX + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_toml_says_where(tmp_path: Path, content: bytes, says: str) -> None:
    """Syntax errors name line and column; a file of another kind is refused with one sentence."""
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigInvalid) as caught:
        load(path)
    assert len(caught.value.mistakes) == 1
    assert re.search(says, caught.value.mistakes[0])


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """Neither a missing file nor a folder in its place is a traceback."""
    for path, says in ((tmp_path / "nothing.toml", "nostr-loyalty init"), (tmp_path, "directory")):
        with pytest.raises(ConfigInvalid, match=says):
            load(path)


def test_an_empty_file_names_what_is_missing(tmp_path: Path) -> None:
    """The sections that must be there are named, and the relay that is missing."""
    found = mistakes(tmp_path, "")
    assert any(line.startswith("daemon: missing; add a section [daemon]") for line in found)
    assert any(line.startswith("program: missing; add a section [[program]]") for line in found)
    assert any(line.startswith("daemon.relays: no relay") for line in found)


def test_a_plain_nsec_needs_a_private_file(tmp_path: Path) -> None:
    """An nsec in the configuration is taken from a file of mode 0600 and refused from any other."""
    key = new_key()
    text = DAEMON.replace("file:loyalty.key", key.nsec()) + PROGRAM + EARN
    assert load(write(tmp_path, text, mode=0o600)).daemon.key.public == key.public
    with pytest.raises(ConfigInvalid, match="chmod 600") as caught:
        load(write(tmp_path, text, mode=0o640))
    assert "nsec1" not in str(caught.value)
