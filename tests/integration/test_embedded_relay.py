"""The embedded relay: a real child process, killed, starved of its port, and left behind by its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nostr_loyalty.clock import SystemClock
from nostr_loyalty.embedded_relay.report import failed, split_listen
from nostr_loyalty.embedded_relay.supervisor import EmbeddedRelay
from nostr_loyalty.errors import Unavailable
from tests.relays.client import BareClient
from tests.relays.real import REPOSITORY, answers, unavailable
from tests.relays.signing import Author

WAIT_S_MAX = 20.0

needs_nostr_sdk = pytest.mark.skipif(unavailable("rust") is not None, reason=str(unavailable("rust")))


class Notes:
    """A log that can be read."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **facts: object) -> None:
        """Keep it."""
        self.lines.append((event, facts))

    warning = info

    def has(self, event: str) -> bool:
        """Whether it was said."""
        return any(said == event for said, _ in self.lines)


def embedded(folder: Path, log: Notes, listen: str = "127.0.0.1:0") -> EmbeddedRelay:
    """One on a free port, its data in `folder`."""
    return EmbeddedRelay(listen, folder / "relay-data", log=log, clock=SystemClock())


def alive(pid: int) -> bool:
    """Whether a process of this number runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that other processes do."""
    async with asyncio.timeout(WAIT_S_MAX):
        while not true():  # noqa: ASYNC110  what is waited for happens in another process
            await asyncio.sleep(0.05)


@needs_nostr_sdk
async def test_accepted_events_survive_kill_9_of_the_child(tmp_path: Path) -> None:
    """A child killed outright is started again on the same port, and what it had accepted is still there."""
    log, author = Notes(), Author()
    relay = embedded(tmp_path, log)
    url = await relay.start()
    watching = asyncio.create_task(relay.run())
    event = author.event(7412, "one coffee", [["p", author.pubkey]], created_at=int(time.time()))
    async with BareClient(url) as client:
        assert (await client.publish(event))[2] is True
    first = relay.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: log.has("embedded relay runs again"))
    assert relay.pid not in (None, first)
    async with BareClient(url) as client:
        assert await client.query({"kinds": [7412]}) == [event]
    await relay.stop()
    await asyncio.wait_for(watching, WAIT_S_MAX)


@needs_nostr_sdk
async def test_stop_leaves_no_process_and_no_listener(tmp_path: Path) -> None:
    """When stop has returned, the child is gone, the port is free, and the watching task has ended by itself."""
    relay = embedded(tmp_path, Notes())
    url = await relay.start()
    watching = asyncio.create_task(relay.run())
    pid = relay.pid
    assert pid is not None
    assert alive(pid)
    await relay.stop()
    assert not alive(pid)
    assert relay.pid is None
    assert not await answers(int(url.rpartition(":")[2]))
    await asyncio.wait_for(watching, WAIT_S_MAX)


@needs_nostr_sdk
async def test_data_is_there_after_an_orderly_restart(tmp_path: Path) -> None:
    """A stopped relay that is started again serves what it had; the folder of its data is for its owner only."""
    relay = embedded(tmp_path, Notes())
    event = Author().event(37411, "terms", [["d", "cafe-sol"]], created_at=int(time.time()))
    async with BareClient(await relay.start()) as client:
        await client.publish(event)
    await relay.stop()
    async with BareClient(await relay.start()) as client:
        assert await client.query({"kinds": [37411]}) == [event]
    await relay.stop()
    assert (tmp_path / "relay-data").stat().st_mode & 0o777 == 0o700


@needs_nostr_sdk
async def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """A daemon killed with -9 takes its relay along: no orphan keeps the port and the database."""
    program = """
import asyncio, pathlib, sys
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.embedded_relay.supervisor import EmbeddedRelay
from tests.integration.test_embedded_relay import Notes
async def main():
    relay = EmbeddedRelay("127.0.0.1:0", pathlib.Path(sys.argv[1]), log=Notes(), clock=SystemClock())
    await relay.start()
    print(relay.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path / "data")),
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        start_new_session=True,
    )
    assert parent.stdout is not None
    try:
        child = int(await asyncio.wait_for(parent.stdout.readline(), WAIT_S_MAX))
        assert alive(child)
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not alive(child))


@needs_nostr_sdk
async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """A start on a taken port fails with the port and what to change, and leaves no process."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        relay = embedded(tmp_path, Notes(), f"127.0.0.1:{port}")
        with pytest.raises(Unavailable) as fault:
            await relay.start()
    assert fault.value.code == "embedded-relay-unavailable"
    assert str(port) in fault.value.detail
    assert "[relay] listen" in fault.value.detail
    assert relay.pid is None


async def test_a_missing_nostr_sdk_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the start fails with the very command to type."""
    (tmp_path / "nostr_sdk").mkdir()
    (tmp_path / "nostr_sdk" / "__init__.py").write_text("raise ImportError('no such thing here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Unavailable) as fault:
        await embedded(tmp_path, Notes()).start()
    assert "pip install 'nostr-loyalty[relay]'" in fault.value.detail


@needs_nostr_sdk
async def test_a_child_that_cannot_start_again_is_tried_less_and_less_often(tmp_path: Path) -> None:
    """While another program holds the port, the waits double and nothing is raised; then the relay is back."""
    log, waits = Notes(), []

    class Impatient(SystemClock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            await asyncio.sleep(0)

    relay = EmbeddedRelay("127.0.0.1:0", tmp_path / "relay-data", log=log, clock=Impatient())
    await relay.start()
    pid = relay.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: relay.pid is None)  # not only dead but reaped: its port is free
    with socket.create_server(("127.0.0.1", split_listen(relay.url.removeprefix("ws://"))[1])):
        watching = asyncio.create_task(relay.run())
        await until(lambda: len(waits) >= 4)
    await until(lambda: log.has("embedded relay runs again"))
    assert log.has("embedded relay does not start")
    assert waits[:4] == [0.25, 0.5, 1.0, 2.0]
    await relay.stop()
    await asyncio.wait_for(watching, WAIT_S_MAX)


@pytest.mark.parametrize("listen", ["", "7777", ":7777", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "a:b:c"])
def test_an_address_without_a_host_or_a_port_is_refused(listen: str) -> None:
    """What is no address and port is refused with an example of one."""
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:7777"):
        split_listen(listen)


def test_addresses_are_read() -> None:
    """IPv4 and IPv6 addresses come apart into host and port; a report stays on one line."""
    assert split_listen("127.0.0.1:7777") == ("127.0.0.1", 7777)
    assert split_listen("[::1]:7777") == ("::1", 7777)
    assert failed("a\nb") == "FAILED a b"
