"""What the daemon tells systemd and the scripts that wait for it."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nostr_loyalty.errors import Unavailable
from nostr_loyalty.readiness import Readiness
from tests.clock import FakeClock, settle


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """A notification socket as systemd opens one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def told(listening: socket.socket) -> list[str]:
    """Everything that was notified since the last call."""
    messages = []
    while True:
        try:
            messages.append(listening.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_systemd_hears_ready_status_and_stopping(systemd: socket.socket) -> None:
    """READY, STATUS and STOPPING go out as datagrams, a status as one line."""
    readiness = Readiness(environ={"NOTIFY_SOCKET": systemd.getsockname()})
    readiness.ready("serving\n2 programs")
    readiness.status("busy")
    readiness.stopping()
    assert told(systemd) == ["READY=1\nSTATUS=serving 2 programs", "STATUS=busy", "STOPPING=1"]


def test_an_abstract_socket_is_reached() -> None:
    """A name that begins with @ is Linux's abstract socket."""
    name = f"nostr-loyalty-test-{os.urandom(8).hex()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.setblocking(False)
        Readiness(environ={"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert told(listening) == ["READY=1"]


def test_nobody_listening_is_no_error(tmp_path: Path) -> None:
    """Without systemd, or when its socket is gone, the daemon goes on."""
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        readiness = Readiness(environ=environ)
        readiness.ready("x")
        readiness.stopping()


def test_the_ready_file_lives_as_long_as_the_service(tmp_path: Path) -> None:
    """A stale file is taken away at the start, a whole one appears when ready, and it goes when stopping."""
    path = tmp_path / "ready"
    path.write_text("stale", encoding="ascii")
    readiness = Readiness(path, environ={})
    assert not path.exists()
    readiness.ready()
    assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"
    assert list(tmp_path.iterdir()) == [path]
    readiness.stopping()
    readiness.stopping()
    assert list(tmp_path.iterdir()) == []


def test_a_ready_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The path and the reason are named."""
    with pytest.raises(Unavailable, match="No such file"):
        Readiness(tmp_path / "none" / "ready", environ={}).ready()
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unavailable, match="folder"):
        Readiness(tmp_path / "folder", environ={})


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 1.5),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 1.5),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_s_period_is_halved(environ: dict[str, str], interval_s: float | None) -> None:
    """The interval is half of what systemd allows, and only for the process that is meant."""
    assert Readiness(environ=environ).watchdog_interval_s == interval_s


async def test_the_watchdog_is_fed_in_time(systemd: socket.socket) -> None:
    """One notification at once and one after each interval, until cancelled."""
    clock = FakeClock()
    readiness = Readiness(environ={"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "10000000"})
    feeding = asyncio.create_task(readiness.keep_alive(clock))
    await settle()
    await clock.advance(15)
    assert told(systemd) == ["WATCHDOG=1"] * 4
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)


async def test_without_a_watchdog_nothing_is_fed() -> None:
    """`keep_alive` returns at once."""
    await asyncio.wait_for(Readiness(environ={}).keep_alive(FakeClock()), timeout=1)
