"""`nostr-loyalty inbox`: what was set aside is shown, and taken up again; beside a running daemon it waits."""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from kinds import direct_message
from kinds.event import Event, canonical_of, rumor_from_canonical
from kinds.keys import npub_encode
from ledger import inbox
from ledger.database import Database
from nostr_loyalty import errors
from nostr_loyalty.cli.main import main
from tests.observer import Observer, messages
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.venue import Venue, new_key

TRACE = "Traceback (most recent call last):\n  …\nZeroDivisionError: nobody thought of this\n"


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """`retry` logs like the daemon: to the standard error of that moment, which a later test no longer has."""
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers = handlers


def run(capsys: pytest.CaptureFixture[str], action: str, config: Path, *more: str) -> tuple[int, str]:
    """Exit code and output of `inbox ACTION`."""
    capsys.readouterr()
    code = main(["inbox", action, "--config", str(config), *more])
    structlog.reset_defaults()
    return code, capsys.readouterr().out


def with_daemon(venue: Venue, during: Callable[[ScriptedRelay, Observer], Awaitable[Any]], port: int = 0) -> Any:
    """Serve the venue as long as `during` works."""

    async def serve() -> Any:
        async with ScriptedRelay(port=port) as relay, Observer(relay.url) as observer:
            venue.relays = [relay.url]
            async with serving(venue.write_config()):
                return await during(relay, observer)

    return asyncio.run(serve())


def put_aside(folder: Path, *documents: bytes, at: int = 1_750_000_000) -> None:
    """As the daemon does it with a message that surprises it."""

    async def put() -> None:
        database = await Database.open(folder / "loyalty.db")
        async with database.write() as w:
            for document in documents:
                rumor = rumor_from_canonical(document)
                await inbox.set_aside(w, inbox.Aside(rumor.id, rumor.created_at, document, TRACE, at))
        await database.close()

    asyncio.run(put())


async def nothing(_relay: ScriptedRelay, _observer: Observer) -> None:
    """Only start and stop."""


def without_receiver(order: Event) -> bytes:
    """The order as the rumor of a wrap that names nobody, which is allowed: the wrap is addressed."""
    return canonical_of(order._replace(tags=tuple(tag for tag in order.tags if tag[0] != "p")))


def test_an_empty_inbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was set aside: list and retry say so and exit 0."""
    venue = Venue(tmp_path, [])
    with_daemon(venue, nothing)
    config = tmp_path / "config.toml"
    assert run(capsys, "list", config) == (0, "0 set aside\n")
    assert run(capsys, "list", config, "--json") == (0, '{"aside": [], "number": 0, "counts": {}}\n')
    assert run(capsys, "retry", config) == (0, "nothing was set aside\n")


def test_list_and_retry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What lies aside is named with its error; retry books it once, and the daemon then sends what it promises."""
    venue, guest = Venue(tmp_path, []), new_key()
    with_daemon(venue, nothing)
    config, order = tmp_path / "config.toml", venue.order("1", guest.public)
    unaddressed = without_receiver(venue.order("2", guest.public, ("30000", "sat")))
    put_aside(tmp_path, canonical_of(order), unaddressed)

    code, text = run(capsys, "list", config)
    assert code == 0
    assert f"{order.id}  kind 7412 by {npub_encode(venue.till.public)}" in text
    assert "2025-06-15 15:06 UTC  ZeroDivisionError: nobody thought of this" in text
    assert "2 set aside; nostr-loyalty inbox retry takes it up again" in text
    listed = json.loads(run(capsys, "list", config, "--json")[1])
    assert listed["counts"] == {"set-aside": 2}
    assert {each["ref"] for each in listed["aside"]} >= {order.id}
    assert listed["aside"][0].keys() == {"ref", "created_at", "aside_at", "error", "traceback", "document"}

    assert run(capsys, "retry", config) == (0, "2 taken up again, 0 set aside again\n")
    assert run(capsys, "retry", config) == (0, "nothing was set aside\n")
    assert json.loads(run(capsys, "list", config, "--json")[1])["counts"] == {"order-taken": 2}
    assert main(["check", "--config", str(config)]) == 0

    async def read(_relay: ScriptedRelay, observer: Observer) -> list[int]:
        await observer.send(order)  # the relay still has it: it counted already
        return [line.entry.points for line in await observer.chain(venue, guest, 2)]

    port = int(venue.relays[0].rpartition(":")[2])
    assert sorted(with_daemon(venue, read, port)) == [12, 30]


def test_a_letter_that_is_taken_up_again_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A guest's question that surprised the daemon is answered by `retry`, not written off as one that needs none."""
    venue, guest = Venue(tmp_path, []), new_key()
    with_daemon(venue, nothing)
    config, now = tmp_path / "config.toml", int(time.time())
    letter = direct_message.compose(guest.public, [venue.issuer.public], "balance", (), now)
    put_aside(tmp_path, canonical_of(letter), at=now)

    assert run(capsys, "retry", config) == (0, "1 taken up again, 0 set aside again\n")
    assert json.loads(run(capsys, "list", config, "--json")[1])["counts"] == {"letter-answered": 1}

    async def read(_relay: ScriptedRelay, observer: Observer) -> list[str]:
        return await observer.until(lambda events: [each.content for each in messages(events, guest)] or None)

    port = int(venue.relays[0].rpartition(":")[2])
    assert "Café Sol" in " ".join(with_daemon(venue, read, port))


def test_more_than_a_list_shows_is_counted_and_taken_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`list` shows the first thousand and says how many there are; `retry` takes up every one."""
    venue, guest = Venue(tmp_path, []), new_key()
    with_daemon(venue, nothing)
    config, now = tmp_path / "config.toml", int(time.time())
    issuer = venue.issuer.public
    put_aside(tmp_path, *(
        canonical_of(direct_message.compose(guest.public, [issuer], f"balance {number}", (), now - 90 * 86_400))
        for number in range(1_003)
    ))  # fmt: skip
    assert "1003 set aside (the first 1000 are shown)" in run(capsys, "list", config)[1]
    assert json.loads(run(capsys, "list", config, "--json")[1])["number"] == 1_003
    assert run(capsys, "retry", config) == (0, "1003 taken up again, 0 set aside again\n")


def test_the_daemon_takes_it_up_at_its_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also a message that names none of our keys, which must not keep the daemon from starting."""
    venue, guest = Venue(tmp_path, []), new_key()
    with_daemon(venue, nothing)
    put_aside(tmp_path, without_receiver(venue.order("1", guest.public)))

    async def read(_relay: ScriptedRelay, observer: Observer) -> list[int]:
        return [line.entry.points for line in await observer.chain(venue, guest, 1)]

    port = int(venue.relays[0].rpartition(":")[2])
    assert with_daemon(venue, read, port) == [12]
    assert run(capsys, "list", tmp_path / "config.toml")[1].startswith("0 set aside")


def test_beside_a_running_daemon_it_waits(tmp_path: Path) -> None:
    """Two must not book at once: retry says that the daemon does it at its next start, exit 69; list works."""

    async def ask(_relay: ScriptedRelay, _observer: Observer) -> list[subprocess.CompletedProcess[str]]:
        command = [sys.executable, "-m", "nostr_loyalty", "inbox"]
        config = ["--config", str(tmp_path / "config.toml")]
        return [
            await asyncio.to_thread(
                subprocess.run, [*command, action, *config], capture_output=True, text=True, timeout=60, check=False
            )
            for action in ("list", "retry")
        ]

    listed, retried = with_daemon(Venue(tmp_path, []), ask)
    assert (listed.returncode, listed.stdout) == (0, "0 set aside\n")
    assert (retried.returncode, retried.stderr) == (errors.EXIT_UNAVAILABLE, "")
    assert "at its next start" in retried.stdout
