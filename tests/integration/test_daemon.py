"""The daemon as a whole: what it says at its start, and when it refuses to go on."""

import contextlib
import sqlite3
import time
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import parse_event
from nostr_loyalty import errors
from tests.faults.daemon_process import DaemonProcess, command_line
from tests.faults.flow import Flow, as_object, published
from tests.relays.faults import Faults
from tests.relays.real import free_port
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.venue import Venue

SAID_AT_START = (registry.PROGRAM, 10_002, 10_050)


def _said(relay: ScriptedRelay) -> list[int]:
    """The kinds of what was said about the programs and the issuer, in order."""
    return [event.kind for text in published(relay) if (event := parse_event(text)).kind in SAID_AT_START]


async def test_definitions_are_published_when_they_change(tmp_path: Path) -> None:
    """The first start publishes program and relay lists, the second nothing, a third after a change that program only,
    with a later time.
    """
    async with ScriptedRelay() as relay:
        flow = Flow(tmp_path, [relay.url], seed=1)
        config = flow.write_config()
        async with DaemonProcess(config) as daemon:
            await daemon.started()
            await daemon.until(lambda: len(_said(relay)) >= 4, 10.0)
            assert await daemon.stopped() == 0
            assert sorted(_said(relay)) == sorted([*SAID_AT_START, registry.PROGRAM])
            await daemon.started()
            assert await daemon.stopped() == 0
            assert len(_said(relay)) == 4
            config.write_text(config.read_text().replace('title = "Bar Luna"', 'title = "Bar Sol y Luna"'))
            await daemon.started()
            await daemon.until(lambda: len(_said(relay)) >= 5, 10.0)
            assert await daemon.stopped() == 0
        programs = [event for text in published(relay) if (event := parse_event(text)).kind == registry.PROGRAM]
        assert len(programs) == 3
        first, last = (event for event in programs if ("d", "bar-luna") in event.tags)
        assert last.created_at > first.created_at
        assert ("title", "Bar Sol y Luna") in last.tags


async def test_a_ledger_that_disagrees_with_itself_stops_the_daemon(tmp_path: Path) -> None:
    """Somebody has changed a figure behind our back: the daemon ends with exit 70 and says where, also while orders are
    coming in; `check` says the same.
    """
    async with ScriptedRelay() as relay:
        flow = Flow(tmp_path, [relay.url], seed=2)
        async with DaemonProcess(flow.write_config()) as daemon:
            await daemon.started()
            for _ in range(20):
                relay.accept(as_object(flow.next()))
            await daemon.until(lambda: len(published(relay)) > 30, 10.0)
            assert await daemon.stopped() == 0
            with contextlib.closing(sqlite3.connect(tmp_path / "loyalty.db")) as ledger:
                ledger.execute("UPDATE standing SET deficit = deficit + 1 WHERE id = 1")
                ledger.commit()
            for _ in range(300):
                relay.accept(as_object(flow.next()))
            daemon.start()
            assert await daemon.ended() == errors.EXIT_INVARIANT
            assert "lots-differ" in daemon.log()
        code, output = await command_line("check", "--config", daemon.config)
        assert code == errors.EXIT_DIFFERS
        assert "lots-differ" in output


@pytest.mark.parametrize("deadline_s", [1, 3])
async def test_a_stop_lasts_as_long_as_it_may(tmp_path: Path, deadline_s: int) -> None:
    """Bug 34: with a relay that never says OK, a stopping daemon goes on for `stop_deadline_s`, and then ends."""
    async with ScriptedRelay(faults=Faults(no_ok=True)) as relay:
        config = Venue(tmp_path, [relay.url]).write_config()
        config.write_text(config.read_text().replace("stop_deadline_s = 5", f"stop_deadline_s = {deadline_s}"))
        async with serving(config):
            began = time.monotonic()
        assert deadline_s <= time.monotonic() - began < deadline_s + 2.5


async def test_two_daemons_do_not_share_a_ledger(tmp_path: Path) -> None:
    """The second daemon on the same ledger ends at once, says which process has it, and disturbs nobody."""
    async with ScriptedRelay() as relay:
        config = Flow(tmp_path, [relay.url], seed=3).write_config()
        async with DaemonProcess(config) as first:
            await first.started()
            code, output = await command_line("run", "--config", config)
            assert code == errors.EXIT_UNAVAILABLE
            assert f"process {first.pid}" in output
            assert await first.stopped() == 0


async def test_a_second_daemon_with_an_embedded_relay_names_the_ledger(tmp_path: Path) -> None:
    """The ledger is opened first: the second daemon hears who has it, not that its relay's port is taken."""
    relay = f'[relay]\nlisten = "127.0.0.1:{free_port()}"\ndata = "relay-data"\n'
    config = Venue(tmp_path, [], relay_section=relay).write_config()
    async with DaemonProcess(config) as first:
        await first.started()
        code, output = await command_line("run", "--config", config)
        assert code == errors.EXIT_UNAVAILABLE
        assert "ledger-in-use" in output
        assert await first.stopped() == 0
