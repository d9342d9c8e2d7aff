"""The relay, the network, the disk and the administrator at their worst; nothing is lost and nothing counts twice."""

import asyncio
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults.daemon_process import DaemonProcess, command_line
from tests.faults.flow import Flow, as_object, pour, published
from tests.faults.network import Cable
from tests.faults.witness import assert_all_is_there
from tests.relays.scripted import ScriptedRelay

DISK_BYTES = 40 * 1024 * 1024


async def _assert_recovered(daemon: DaemonProcess, relay: ScriptedRelay, flow: Flow) -> None:
    """Wait until every message is answered, stop the daemon and add everything up."""
    witness = flow.witness()
    seen = 0

    def everything_is_answered() -> bool:
        nonlocal seen
        texts = published(relay)
        witness.see_all(texts[seen:])
        seen = len(texts)
        return witness.answers.keys() >= flow.expected.messages

    await daemon.until(everything_is_answered, 60.0)
    assert await daemon.stopped() == 0
    witness.see_all(published(relay)[seen:])
    assert_all_is_there(witness, flow.expected)
    code, output = await command_line("check", "--config", daemon.config)
    assert code == 0, output


@pytest.mark.timeout(120)
async def test_relay_and_network_go_away_and_come_back(tmp_path: Path) -> None:
    """Bug 67: the relay crashes, freezes, the cable is cut, the network swallows everything, one after the other among
    forty orders a second: the daemon finds its relay again and everything is taken up.
    """
    async with ScriptedRelay(journal_size=100_000) as relay, Cable(relay.port) as cable:
        flow = Flow(tmp_path, [cable.url], seed=1, daemon_extra="catch_up_interval_s = 5")
        async with DaemonProcess(flow.write_config()) as daemon:
            await daemon.started()
            over = asyncio.Event()
            pouring = asyncio.create_task(pour(flow, relay, 40.0, over.is_set))
            for trouble in (relay.restart, lambda: cable.cut(1.5), lambda: _frozen(relay), lambda: cable.swallow(1.5)):
                await daemon.until(lambda: bool(relay.clients), 30.0)
                await asyncio.sleep(0.7)
                await trouble()
            over.set()
            await pouring
            await _assert_recovered(daemon, relay, flow)


@pytest.mark.timeout(120)
async def test_stopped_in_the_middle_of_a_burst(tmp_path: Path) -> None:
    """SIGTERM while 800 orders are on their way: exit 0 within the deadline; the next start takes up what was left."""
    async with ScriptedRelay(journal_size=100_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=2)
        async with DaemonProcess(flow.write_config()) as daemon:
            await daemon.started()
            for _ in range(800):
                relay.accept(as_object(flow.next()))
            await daemon.until(lambda: len(published(relay)) > 20, 20.0)
            assert await daemon.stopped(within_s=5 + 5) == 0
            assert not daemon.ready_file.exists()
            await daemon.started()
            await _assert_recovered(daemon, relay, flow)


async def test_stopped_while_it_starts(tmp_path: Path) -> None:
    """SIGTERM at any moment of the start ends the daemon too, with exit 0 or by the signal before it listens for it."""
    async with ScriptedRelay() as relay:
        flow = Flow(tmp_path, [relay.url], seed=3)
        async with DaemonProcess(flow.write_config()) as daemon:
            for moment_s in (0.1, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
                daemon.start()
                await asyncio.sleep(moment_s)
                assert await daemon.stopped(within_s=8.0) in (0, -15)


async def _frozen(relay: ScriptedRelay) -> None:
    """Nothing is read, answered or sent for a second."""
    relay.pause()
    await asyncio.sleep(1.0)
    relay.resume()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of forty megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk without the right to mount: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.timeout(120)
async def test_disk_full(small_disk: Path, tmp_path: Path) -> None:
    """The disk runs full among flowing orders: the log says what to do, the daemon stays, and goes on when there is
    space again.
    """
    async with ScriptedRelay(journal_size=100_000) as relay:
        flow = Flow(small_disk, [relay.url], seed=4)
        daemon = DaemonProcess(flow.write_config())
        daemon.log_file = tmp_path / "daemon.log"
        async with daemon:
            await daemon.started()
            over = asyncio.Event()
            pouring = asyncio.create_task(pour(flow, relay, 100.0, over.is_set))
            await asyncio.sleep(0.5)
            filler = small_disk / "filler"
            _fill(filler)
            await daemon.until(lambda: bool(daemon.said("ledger unavailable")), 20.0)
            await asyncio.sleep(1.0)
            over.set()
            await pouring
            filler.unlink()
            await _assert_recovered(daemon, relay, flow)
            complaint = daemon.said("ledger unavailable")[0]
            assert complaint["code"] == "ledger-disk-full"
            assert "Free some space" in complaint["detail"]


@pytest.mark.timeout(120)
@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="limits of a running process are Linux's")
async def test_files_may_not_grow(tmp_path: Path) -> None:
    """A quota lets the ledger grow no further: the daemon complains and waits, and goes on when the quota is raised."""

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, resource.RLIM_INFINITY))

    async with ScriptedRelay(journal_size=100_000) as relay:
        flow = Flow(tmp_path, [relay.url], seed=5)
        async with DaemonProcess(flow.write_config(), before=small_files) as daemon:
            await daemon.started()
            over = asyncio.Event()
            pouring = asyncio.create_task(pour(flow, relay, 150.0, over.is_set))
            await daemon.until(lambda: bool(daemon.said("ledger unavailable")), 30.0)
            over.set()
            await pouring
            psutil.Process(daemon.pid).rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            await _assert_recovered(daemon, relay, flow)


def _fill(filler: Path) -> None:
    """Write until there is no space left."""
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4_096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
