"""import: old balances become grants, once however often they are imported, beside a daemon or alone."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kinds.keys import is_public_key, npub_encode
from tests.integration.hand import Hand
from tests.serving import relay_named, serving
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, add_program, new_key

ANA, BEN = new_key().public, new_key().public
FILE = f"customer,points,reason,expires\n{npub_encode(ANA)},120,paper card 7,2030-03-31\n{BEN},30,,\n{BEN},30,,\n"


@pytest.fixture
def hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Hand:
    """The command line on a venue whose daemon has never run."""
    return Hand(capsys, Served(tmp_path).venue.write_config())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Three lines for two customers."""
    path = tmp_path / "old.csv"
    path.write_text(FILE, encoding="utf-8")
    return path


def entries(hand: Hand) -> list[tuple[str, int]]:
    """Type and points of all entries."""
    ledger = sqlite3.connect(hand.config.parent / "loyalty.db")
    found = ledger.execute("SELECT type, points FROM entry ORDER BY id").fetchall()
    ledger.close()
    return found


def test_a_dry_run_comes_first_and_writes_nothing(hand: Hand, old: Path) -> None:
    """Without --yes it is told what would happen, and no ledger is made."""
    for words in ([], ["--dry-run"]):
        lines = hand("import", old, *words).splitlines()
        assert hand.code == 0
        assert lines == [
            f"{old}: 3 lines for Café Sol", "  2 customers, 2 of them new here",
            "  1 customer named more than once: each line counts", "  3 lines to book: 180 points",
            "    120 points that live up to and with 2030-03-31", "    60 points that live as the program's points do",
            "nothing was booked yet; say --yes to book it",
        ]  # fmt: skip
    assert not (hand.config.parent / "loyalty.db").exists()
    plan = json.loads(hand("import", old, "--json"))
    assert (plan["to_book"], plan["points"], plan["named_more_than_once"]) == (3, 180, [BEN])


def test_the_same_file_books_once(hand: Hand, old: Path) -> None:
    """--yes books every line; again it books none, and a line that was added is booked alone."""
    assert "3 lines booked: 180 points" in hand("import", old, "--yes")
    assert hand.code == 0
    assert (hand.points(ANA), hand.points(BEN)) == (120, 60)
    assert entries(hand) == [("granted", 120), ("granted", 30), ("granted", 30)]
    assert "3 lines booked before: not again" in hand("import", old, "--yes")
    assert "there is nothing to book" in hand("import", old)
    old.write_text(FILE + f"{ANA},5,,\n")
    plan = json.loads(hand("import", old, "--json"))
    assert (plan["booked_before"], plan["to_book"], plan["new_customers"]) == (3, 1, 0)
    found = json.loads(hand("import", old, "--yes", "--json"))
    assert (found["booked"], found["booked_before"], found["points"], found["refused"]) == (1, 3, 5, [])
    assert (hand.points(ANA), hand.points(BEN)) == (125, 60)
    hand.assert_clean()


def test_reason_and_last_day_stand_in_the_entry(hand: Hand, old: Path) -> None:
    """The customer reads the reason, the venue's own key has granted it, and it lives to the end of the local day."""
    hand("import", old, "--yes")
    rows = [json.loads(line) for line in hand("export", "--format", "jsonl").splitlines()]
    last = datetime(2030, 4, 1, tzinfo=ZoneInfo("Europe/Madrid"))
    assert [row["expires_at"] for row in rows] == [int(last.timestamp()), None, None]
    assert "paper card 7" in rows[0]["document"]
    (row, *_) = map(json.loads, hand("export", "--what", "balances", "--format", "jsonl").splitlines())
    assert (row["next_expiry_points"], row["next_expiry_at"]) == (120, int(last.timestamp()))


def test_one_bad_line_books_nothing(hand: Hand, old: Path) -> None:
    """All mistakes are told with file and line, exit 1, and the good lines are not booked either."""
    old.write_text(FILE + "nobody,5,,\n" + f"{ANA},-1,,2020-01-01\n")
    for words in ([], ["--yes"]):
        hand("import", old, *words)
        assert hand.code == 1
        assert hand.out == "nothing was booked: 2 mistakes\n"
        first, second = hand.err.splitlines()
        assert first.startswith(f"{old}:5: customer: 'nobody'")
        assert second.startswith(f"{old}:6: points: '-1'")
        assert "expires: 2020-01-01 is over" in second
    found = json.loads(hand("import", old, "--yes", "--json"))
    assert [one["line"] for one in found["mistakes"]] == [5, 6]
    assert not (hand.config.parent / "loyalty.db").exists()


def test_json_lines_by_name_and_by_word(hand: Hand, tmp_path: Path) -> None:
    """The file's name tells the form; --format overrules it."""
    path = tmp_path / "old.jsonl"
    path.write_text(json.dumps({"customer": ANA, "points": 7}))
    assert "1 line to book: 7 points" in hand("import", path)
    path.write_text(f"customer,points\n{ANA},7\n")
    assert "1 line to book" in hand("import", path, "--format", "csv")
    hand("import", path)
    assert hand.code == 1


def test_the_last_year_of_the_calendar_is_told_as_too_far(hand: Hand, old: Path) -> None:
    """9999-12-31 is how other systems write "never": the column is named, and what to write instead."""
    old.write_text(FILE + f"{ANA},5,,9999-12-31\n{ANA},5,,9998-12-31\n")
    hand("import", old)
    assert (hand.code, hand.out) == (1, "nothing was booked: 1 mistake\n")
    assert "expires: 9999-12-31 is too far away; leave it empty where points never run out" in hand.err


def test_half_a_character_in_the_name_of_a_column_is_told(tmp_path: Path) -> None:
    """JSON can write one, and no file can hold it as UTF-8: the line is told as any other, in JSON too."""
    Venue(tmp_path, ["ws://127.0.0.1:1"]).write_config()
    (tmp_path / "old.jsonl").write_text(f'{{"customer":"{ANA}","points":1,"\\ud800":2}}')
    command = [sys.executable, "-m", "nostr_loyalty", "import", str(tmp_path / "old.jsonl"), "--json", "--config"]
    ran = subprocess.run(
        [*command, str(tmp_path / "config.toml")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert json.loads(ran.stdout)["mistakes"][0]["what"].startswith("unknown \ud800; there are ")


def test_files_that_cannot_be_read(hand: Hand, tmp_path: Path) -> None:
    """A file that is not there, and one that is no UTF-8, are told as such; --dry-run and --yes exclude each other."""
    hand("import", tmp_path / "nowhere.csv")
    assert (hand.code, "nowhere.csv" in hand.err) == (69, True)
    path = tmp_path / "latin.csv"
    path.write_bytes(b"customer,points\n\xe9,1\n")
    hand("import", path)
    assert (hand.code, f"{path}:2: not UTF-8" in hand.err) == (2, True)
    hand("import", path, "--dry-run", "--yes")
    assert hand.code == 2


def test_the_pseudonym_of_somebody_who_was_forgotten_is_nobodys_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export has such lines, and a pseudonym may look like a key: nothing is granted to it, and the line is told.
    By hand there is nobody of that name either.
    """
    served = Served(tmp_path)

    async def pseudonym() -> str:
        async with served:
            for number in range(64):  # every second one is no point of the curve, and told as such
                guest = new_key()
                await served.take(served.order(f"order-{number}", customer=guest.public))
                await served.write(guest, "forget me yes")
                async with served.database.read() as r:
                    ((name,),) = await r.rows("SELECT lower(hex(customer)) FROM standing ORDER BY id DESC LIMIT 1")
                if is_public_key(name):
                    return str(name)
        raise AssertionError("none of 64 looks like a key")

    name = asyncio.run(pseudonym())
    hand, path = Hand(capsys, tmp_path / "config.toml"), tmp_path / "balances.csv"
    path.write_text(f"customer,points\n{ANA},7\n{name},12\n")
    before = entries(hand)
    for words in ([], ["--yes"]):
        hand("import", path, *words)
        assert (hand.code, hand.out) == (1, "nothing was booked: 1 mistake\n")
        assert hand.err.startswith(f"{path}:3: customer: a pseudonym of somebody who was forgotten")
    assert hand.refused("grant", name, 5) == "customer-unknown"
    assert entries(hand) == before
    hand.assert_clean()


def test_which_program_must_be_said_where_there_are_several(hand: Hand, old: Path) -> None:
    """Points are no program's by chance; and the same file for another program is another grant."""
    add_program(hand.config, Venue(hand.config.parent, [], slug="bar-luna"))
    hand("import", old, "--yes")
    assert (hand.code, "cafe-sol, bar-luna" in hand.err) == (2, True)
    hand("import", old, "--yes", "--program", "cafe-sol")
    hand("import", old, "--yes", "--program", "bar-luna")
    assert len(entries(hand)) == 6


def test_beside_a_running_daemon(tmp_path: Path, old: Path) -> None:
    """The daemon that holds the ledger books it; a customer's entries are published."""

    async def load() -> tuple[dict[str, object], dict[str, object]]:
        async with relay_named("scripted") as url:
            venue = Venue(tmp_path, [url])
            config = venue.write_config()
            async with serving(config):
                found = []
                for _ in range(2):
                    command = [sys.executable, "-m", "nostr_loyalty", "import", str(old), "--yes", "--json"]
                    command += ["--config", str(config)]
                    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=60, check=True)
                    found.append(json.loads(done.stdout))
        return found[0], found[1]

    first, second = asyncio.run(load())
    assert (first["booked"], first["daemon"]) == (3, True)
    assert (second["booked"], second["booked_before"], second["daemon"]) == (0, 3, True)
