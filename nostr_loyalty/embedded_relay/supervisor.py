"""Runs the embedded relay as a child process, and starts it again when it dies.

Rules:
- The child's end never takes the daemon along; the daemon's end always takes the child along.
- `start` returns when the relay accepts clients, or says what is the matter. After that only `run` starts a child.
- A child that dies at once, again and again, is started again less and less often, up to `RESTART_WAIT_S_MAX`; one that
  has lived `HEALTHY_S` is started again at once.
- Only the child itself is ever signalled, by its number, and only while it has not been waited for.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Final, Protocol

from nostr_loyalty.clock import Clock
from nostr_loyalty.embedded_relay.report import FAILED, READY, split_listen
from nostr_loyalty.errors import Unavailable

START_S_MAX: Final = 30.0
STOP_S_MAX: Final = 5.0
HEALTHY_S: Final = 60.0
RESTART_WAIT_S_MIN: Final = 0.25
RESTART_WAIT_S_MAX: Final = 30.0
NOISE_LINES_MAX: Final = 100


class Log(Protocol):
    """The two levels of a structlog logger that are used here."""

    def info(self, event: str, **facts: object) -> object:
        """Something went as it should."""

    def warning(self, event: str, **facts: object) -> object:
        """Somebody should look."""


class EmbeddedRelay:
    """One relay beside the daemon: `await start()`, then `run()` in a task of its own, `await stop()` at the end.

    listen: "127.0.0.1:7777"; port 0 takes a free port once, which restarts keep. data: the folder of the database, made
    if it is missing (0700). clock: waits between restarts go through it.
    """

    def __init__(self, listen: str, data: Path, *, log: Log, clock: Clock) -> None:
        host, port = split_listen(listen)
        self._host, self._port = host, port or _free_port(host)
        self._data = data
        self._log = log
        self._clock = clock
        self._child: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._started_at = 0.0
        self._stop_asked = asyncio.Event()

    @property
    def url(self) -> str:
        """Where clients on this machine reach it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"ws://{host}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The child's process id while one runs."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def start(self) -> str:
        """Start the child and return its URL when it accepts clients (at most `START_S_MAX` seconds).

        Raises Unavailable "embedded-relay-unavailable" with what to do: nostr_sdk missing, port in use, no answer. No
        child is left then.
        """
        self._stop_asked.clear()
        await self._start_child()
        self._log.info("embedded relay runs", url=self.url, pid=self.pid, data=str(self._data))
        return self.url

    async def run(self) -> None:
        """Watch the child until `stop`, starting it again whenever it has ended. Never raises because of it."""
        wait_s = RESTART_WAIT_S_MIN
        while not self._stop_asked.is_set():
            if self._child is not None:
                status = await self._child.wait()
                if self._stop_asked.is_set():
                    return
                if self._clock.monotonic() - self._started_at >= HEALTHY_S:
                    wait_s = RESTART_WAIT_S_MIN
                self._log.warning("embedded relay ended", exit_status=status, restart_in_s=wait_s)
            await self._clock.sleep(wait_s)
            wait_s = min(wait_s * 2, RESTART_WAIT_S_MAX)
            if self._stop_asked.is_set():
                return
            try:
                await self._start_child()
            except Unavailable as fault:
                self._log.warning("embedded relay does not start", why=fault.detail, retry_in_s=wait_s)
            else:
                self._log.info("embedded relay runs again", url=self.url, pid=self.pid)
        await self._end_child()  # `stop` may have come while a child was being started

    async def stop(self) -> None:
        """End the child: SIGTERM, after `STOP_S_MAX` seconds SIGKILL. When it returns, no process is left."""
        self._stop_asked.set()
        await self._end_child()

    async def _start_child(self) -> None:
        # -P: a file of the working folder must not pass for a module of the relay's.
        command = [sys.executable, "-P", "-m", "nostr_loyalty.embedded_relay", "--parent-pid", str(os.getpid())]
        command += ["--listen", f"{self._host}:{self._port}", "--data", str(self._data.resolve())]
        self._started_at = self._clock.monotonic()
        self._child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
        try:
            async with asyncio.timeout(START_S_MAX):
                await self._await_report(self._child)
        except TimeoutError:
            await self._end_child()
            raise self._unavailable(f"it did not answer within {START_S_MAX:.0f} seconds") from None
        except BaseException:
            await self._end_child()
            raise
        self._drain = asyncio.create_task(_drain(self._child), name="embedded relay output")

    async def _await_report(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        for _ in range(NOISE_LINES_MAX):
            line = (await child.stdout.readline()).decode(errors="replace")
            if line.startswith(READY):
                return
            if line.startswith(FAILED):
                raise self._unavailable(line.removeprefix(FAILED).strip())
            if not line:
                break
        raise self._unavailable(f"its process ended before it listened, exit status {await child.wait()}")

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable("embedded-relay-unavailable", f"{self.url}: {why}")

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), STOP_S_MAX)
            except TimeoutError:
                child.kill()
                await child.wait()
        if self._drain is not None:
            await self._drain
            self._drain = None


async def _drain(child: asyncio.subprocess.Process) -> None:
    """Read and forget what the child writes, so that it never waits for a reader."""
    assert child.stdout is not None
    while await child.stdout.read(65_536):
        pass


def _python_path() -> str:
    """The child finds this very package, installed or not."""
    here = str(Path(__file__).resolve().parents[2])
    given = os.environ.get("PYTHONPATH")
    return f"{given}{os.pathsep}{here}" if given else here


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
