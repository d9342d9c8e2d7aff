"""balance, history and check as the issue's interface has them, on the ledger of a daemon that has served orders."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kinds import entry
from kinds.event import claim, verify
from kinds.keys import Profile, SecretKey, nprofile_encode, npub_encode
from nostr_loyalty import errors
from nostr_loyalty.cli.main import main
from tests.observer import Observer
from tests.serving import relay_named, serving
from tests.venue import Venue, add_program, new_key


@dataclass
class Served:
    """A ledger after two programs have served: `cafe` gave +12 and +30 and took 12 back, `bar` gave +5."""

    config: Path
    cafe: Venue
    bar: Venue
    guest: SecretKey
    published: list[str]
    """The ids of the café's entries, as the relay has them."""


async def serve(folder: Path) -> Served:
    """Let a daemon book four orders of one guest."""
    guest = new_key()
    async with relay_named("scripted") as url, Observer(url) as observer:
        cafe, bar = Venue(folder, [url], "public"), Venue(folder, [url], slug="bar-luna")
        config = cafe.write_config()
        add_program(config, bar)
        async with serving(config):
            for order in (
                cafe.order("1", guest.public), cafe.order("2", guest.public, ("30000", "sat")),
                cafe.order("1", guest.public, status="refunded"),
            ):  # fmt: skip
                await observer.send(order)
                await observer.replies(cafe.till, order.id)
            await observer.send(bar.wrapped("1", guest.public, ("5000", "sat")))
            await observer.chain(bar, guest, 1)
            chain = await observer.chain(cafe, guest, 3)
    return Served(config, cafe, bar, guest, [line.event.id for line in chain])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Made once; the tests only read it."""
    return asyncio.run(serve(tmp_path_factory.mktemp("served")))


class Run:
    """The command in this process: its exit code, and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        capsys.readouterr()
        self.code = main([str(each) for each in arguments])
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        """What was printed, decoded."""
        return json.loads(self.out)


def test_balance_of_one_program(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """--program --json gives one object with exactly the promised keys."""
    run = Run(capsys, "balance", served.guest.public, "--program", "cafe-sol", "--json", "--config", served.config)
    assert run.code == 0
    assert run.json == {
        "program": served.cafe.address, "customer": served.guest.public, "points": 30, "tier": None, "lifetime": 30,
        "seq": 3, "head": served.published[-1], "tier_progress": None, "tier_until": None, "next_expiry": None,
        "pending": 0, "frozen": False, "relinked_to": None,
    }  # fmt: skip


def test_balance_of_several_programs_is_a_list(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --program: one object for each program of the configuration, in its order."""
    run = Run(capsys, "balance", served.guest.public, "--json", "--config", served.config)
    assert [(each["program"], each["points"]) for each in run.json] == [
        (served.cafe.address, 30),
        (served.bar.address, 5),
    ]
    run = Run(capsys, "balance", served.guest.public, "--config", served.config)
    assert run.out.splitlines() == [
        "Café Sol: 30 points (earned in all: 30, entries: 3)", "bar-luna: 5 points (earned in all: 5, entries: 1)",
    ]  # fmt: skip


def test_who_is_npub_nprofile_or_hex(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Three ways to name the same customer; hex comes out."""
    hex_key = served.guest.public
    for who in (hex_key, npub_encode(hex_key), nprofile_encode(Profile(hex_key, ("wss://relay.example.com",)))):
        run = Run(capsys, "balance", who, "--program", "bar-luna", "--json", "--config", served.config)
        assert (run.json["customer"], run.json["points"]) == (hex_key, 5)


def test_somebody_unknown_has_nothing(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A customer that no program has seen has 0 points and no entries, and that is no error."""
    nobody = new_key().public
    run = Run(capsys, "balance", nobody, "--program", "cafe-sol", "--json", "--config", served.config)
    assert (run.code, run.json["points"], run.json["seq"], run.json["head"]) == (0, 0, 0, None)
    assert Run(capsys, "history", nobody, "--json", "--config", served.config).json == []
    assert Run(capsys, "history", nobody, "--config", served.config).out == "no entries\n"


@pytest.mark.parametrize("who", ["", "ana", "npub1qqqq", "f" * 64, "0" * 63, "ABC" * 20])
def test_a_who_that_nobody_can_be_is_usage(served: Served, capsys: pytest.CaptureFixture[str], who: str) -> None:
    """Exit 2, and the text that was given is named."""
    with pytest.raises(SystemExit) as caught:
        main(["balance", who, "--config", str(served.config)])
    assert caught.value.code == errors.EXIT_USAGE
    assert repr(who) in capsys.readouterr().err


def test_a_secret_key_as_who_is_refused_and_not_repeated(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who pastes an nsec by mistake is told so, and the terminal's log does not get it once more."""
    nsec = served.guest.nsec()
    with pytest.raises(SystemExit):
        main(["balance", nsec, "--config", str(served.config)])
    assert nsec not in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["balance", "history"])
def test_an_unknown_program_names_those_there_are(
    served: Served, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """A slug that is not in the configuration: exit 78, and the slugs that are."""
    run = Run(capsys, verb, served.guest.public, "--program", "cafe-luna", "--config", served.config)
    assert (run.code, run.out) == (errors.EXIT_CONFIG, "")
    assert "cafe-luna" in run.err
    assert "cafe-sol, bar-luna" in run.err


def test_history_is_what_was_published(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """--json: the signed entries, oldest first: they verify, they chain, and they are the very events on the relay."""
    run = Run(capsys, "history", served.guest.public, "--program", "cafe-sol", "--json", "--config", served.config)
    events = [verify(claim(each)) for each in run.json]
    entry.verify_chain(events)
    assert [event.id for event in events] == served.published
    assert [entry.parse(event).points for event in events] == [12, 30, -12]


def test_history_of_all_programs_and_for_people(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --program all entries by their time; without --json one line each."""
    run = Run(capsys, "history", served.guest.public, "--json", "--config", served.config)
    assert sorted(entry.parse(verify(claim(each))).points for each in run.json) == [-12, 5, 12, 30]
    lines = Run(capsys, "history", served.guest.public, "--config", served.config).out.splitlines()
    assert len(lines) == 4
    assert "earned" in lines[0]
    assert "+12" in lines[0]
    assert "#1" in lines[0]


def test_check_of_a_good_ledger(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, in words and for programs."""
    run = Run(capsys, "check", "--config", served.config)
    assert run.code == 0
    assert "agrees with itself" in run.out
    run = Run(capsys, "check", "--json", "--config", served.config)
    assert (run.code, run.json["ok"], run.json["findings"]) == (0, True, [])
    assert run.json["counted"]["entry"] == 4


TAMPERED = {
    "points": "UPDATE entry SET points = 1200 WHERE id = 1",
    "balance": "UPDATE standing SET balance = 1000 WHERE id = 1",
    "document": "UPDATE entry SET document = CAST(replace(CAST(document AS TEXT), '+12', '+92') AS BLOB) WHERE id = 1",
    "a key": "UPDATE entry SET key = randomblob(32) WHERE id = 1",
    "a customer": "UPDATE standing SET customer = randomblob(32) WHERE id = 1",
    "what was refunded": "UPDATE paid_order SET refunded_minor = 1 WHERE id = 2",
    "a row gone": "DELETE FROM entry WHERE id = 2",
    "an order": "UPDATE paid_order SET earned = 900, reversed = 0 WHERE id = 2",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=list(TAMPERED))
def test_check_finds_what_was_tampered_with(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    """Bug 58: with its triggers dropped and a row changed by hand, the ledger disagrees with itself: exit 1."""
    folder = tmp_path / "copy"
    shutil.copytree(served.config.parent, folder)
    ledger = sqlite3.connect(folder / "loyalty.db")
    for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        ledger.execute(f"DROP TRIGGER {name}")
    ledger.execute(statement)
    ledger.commit()
    ledger.close()
    run = Run(capsys, "check", "--config", folder / "config.toml")
    assert run.code == errors.EXIT_DIFFERS
    assert "DISAGREES" in run.out
    run = Run(capsys, "check", "--json", "--config", folder / "config.toml")
    assert (run.code, run.json["ok"]) == (errors.EXIT_DIFFERS, False)
    for finding in run.json["findings"]:
        assert finding.keys() == {"code", "where", "sentence"}
    assert run.json["findings"]


def test_the_triggers_stand_in_the_way_of_that(served: Served, tmp_path: Path) -> None:
    """Bug 58: without dropping them first, the file refuses the change."""
    shutil.copytree(served.config.parent, tmp_path / "copy")
    ledger = sqlite3.connect(tmp_path / "copy" / "loyalty.db")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        ledger.execute(TAMPERED["points"])
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        ledger.execute(TAMPERED["a row gone"])
    ledger.close()


@pytest.mark.parametrize("verb", ["balance", "history", "check"])
def test_a_ledger_that_is_not_there_is_said(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """Before the daemon's first start: exit 69 with the path and what to do, and no ledger is made by asking."""
    shutil.copytree(served.config.parent, tmp_path / "copy")
    ledger = tmp_path / "copy" / "loyalty.db"
    ledger.unlink()
    who = [] if verb == "check" else [served.guest.public]
    run = Run(capsys, verb, *who, "--config", tmp_path / "copy" / "config.toml")
    assert run.code == errors.EXIT_UNAVAILABLE
    assert str(ledger) in run.err
    assert not ledger.exists()


def test_reading_beside_a_running_daemon(tmp_path: Path) -> None:
    """balance and check answer while the daemon holds the ledger."""

    async def read() -> None:
        async with relay_named("scripted") as url:
            venue = Venue(tmp_path, [url])
            config = venue.write_config()
            async with serving(config):
                for arguments in (["check"], ["balance", new_key().public]):
                    command = [sys.executable, "-m", "nostr_loyalty", *arguments, "--json", "--config", str(config)]
                    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=True)
                    assert json.loads(done.stdout)

    asyncio.run(read())
