"""`nostr-loyalty outbox`: what was given up is shown with its reason, and waits again after `retry`."""

import asyncio
import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promise, Settlement
from nostr_loyalty import errors
from nostr_loyalty.cli.main import main
from tests.venue import Venue


def with_ledger(folder: Path, *, settle: bool, number: int = 1) -> None:
    """A ledger with so many promises, which every relay has refused if `settle`."""

    async def make() -> None:
        database = await Database.open(folder / "loyalty.db")
        async with database.write() as w:
            promise = Promise(1, "entry", "ab" * 32, b"{}", secrets.token_bytes(32), ("ws://127.0.0.1:1",), 1)
            await outbox.post(w, [promise] * number, 1_750_000_000)
            if settle:
                why = "ws://127.0.0.1:1: blocked: not here"
                due = await outbox.due(w, 1_750_000_000, number)
                await outbox.settle(w, [Settlement(one.id, (), one.relays, "abandoned", reason=why) for one in due])
        await database.close()

    asyncio.run(make())


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and output of `outbox …`."""
    capsys.readouterr()
    return main(["outbox", *words]), capsys.readouterr().out


def test_what_was_given_up_is_shown_and_waits_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`list` names the reason and exits 1; after `retry` the promise waits, and `list` exits 0."""
    config = str(Venue(tmp_path, ["ws://127.0.0.1:1"]).write_config())
    with_ledger(tmp_path, settle=True)
    code, said = run(capsys, "list", "--config", config)
    assert (code, "blocked: not here" in said) == (errors.EXIT_DIFFERS, True)
    code, said = run(capsys, "list", "--config", config, "--json")
    (abandoned,) = json.loads(said)["abandoned"]
    assert (abandoned["label"], abandoned["relays"]) == ("entry", ["ws://127.0.0.1:1"])
    assert run(capsys, "retry", "--config", config, "--json") == (errors.EXIT_OK, '{"retried": 1}\n')
    code, said = run(capsys, "list", "--config", config, "--json")
    assert (code, json.loads(said)) == (0, {"abandoned": [], "given_up": 0, "waiting": {"entry": 1}, "delivered": {}})
    assert run(capsys, "list", "--config", config) == (0, "        1  entry, waiting\n")


def test_more_than_a_list_shows_is_counted_and_waits_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`list` shows the first thousand and says how many there are; `retry` leaves none behind."""
    config = str(Venue(tmp_path, ["ws://127.0.0.1:1"]).write_config())
    with_ledger(tmp_path, settle=True, number=1_500)
    assert "1500 given up (the first 1000 are shown)" in run(capsys, "list", "--config", config)[1]
    assert json.loads(run(capsys, "list", "--config", config, "--json")[1])["given_up"] == 1_500
    assert run(capsys, "retry", "--config", config)[1].startswith("1500 wait again")
    assert run(capsys, "list", "--config", config) == (errors.EXIT_OK, "     1500  entry, waiting\n")


def test_a_full_disk_behind_the_output_is_told(tmp_path: Path) -> None:
    """Exit 69 with the reason and no traceback: 1 would say that something was given up."""
    config = str(Venue(tmp_path, ["ws://127.0.0.1:1"]).write_config())
    with_ledger(tmp_path, settle=False)
    command = [sys.executable, "-m", "nostr_loyalty", "outbox", "list", "--config", config]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr.count("\n")) == (errors.EXIT_UNAVAILABLE, 1), ran.stderr
    assert ran.stderr.startswith("nostr-loyalty: disk-unavailable: ")


def test_retry_waits_for_the_daemon_to_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While somebody has the ledger open for writing, nothing is changed: exit 69."""
    config = str(Venue(tmp_path, ["ws://127.0.0.1:1"]).write_config())
    with_ledger(tmp_path, settle=True)
    database = asyncio.run(_open(tmp_path))
    try:
        assert run(capsys, "retry", "--config", config)[0] == errors.EXIT_UNAVAILABLE
    finally:
        asyncio.run(database.close())
    assert run(capsys, "list", "--config", config)[0] == errors.EXIT_DIFFERS


async def _open(folder: Path) -> Database:
    return await Database.open(folder / "loyalty.db")
