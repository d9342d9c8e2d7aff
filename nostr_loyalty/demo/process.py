"""The daemon as a child process, as a venue runs it: `nostr-loyalty run --config … --ready-file …`."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Final

from nostr_loyalty.clock import Clock
from nostr_loyalty.errors import Unavailable

START_S_MAX: Final = 40.0
STOP_S_MAX: Final = 15.0
LOOK_S: Final = 0.05
LOG_LINES: Final = 15


class DaemonProcess:
    """One daemon for one configuration. It gets a session of its own, so that Ctrl-C reaches only who asked for it."""

    def __init__(self, config: Path, clock: Clock) -> None:
        self._config = config
        self._ready_file = config.parent / "ready"
        self._log = config.parent / "daemon.log"
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process id; it must have been started."""
        assert self._process is not None
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is gone, which it should not be before `stop`."""
        return self._process is None or self._process.returncode is not None

    async def start(self) -> None:
        """Return when it serves. Unavailable, with its last words, when it ends before or takes `START_S_MAX`."""
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command("run", "--config", str(self._config), "--ready-file", str(self._ready_file)),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment(),
            )  # fmt: skip
        deadline = self._clock.monotonic() + START_S_MAX
        while not self._ready_file.exists():
            if self.has_ended or self._clock.monotonic() > deadline:
                raise Unavailable("relay-unavailable", f"the daemon does not start:\n{self.last_words()}")
            await self._clock.sleep(LOOK_S)

    async def stop(self) -> int | None:
        """End it: SIGTERM, after `STOP_S_MAX` SIGKILL. Its exit status, None if it never ran. No process is left."""
        process = self._process
        if process is None:
            return None
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S_MAX)
            except TimeoutError:
                process.kill()
                await process.wait()
        return process.returncode

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


async def audit(config: Path) -> tuple[int, str]:
    """Run `nostr-loyalty check`: its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command("check", "--config", str(config)), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment(),
    )  # fmt: skip
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace").strip()


def command(*arguments: str) -> list[str]:
    """A command line of this very program. -P: a file of the working folder must not pass for one of our modules."""
    return [sys.executable, "-P", "-m", "nostr_loyalty", *arguments]


def environment() -> dict[str, str]:
    """The child finds this package, installed or not."""
    here, given = str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{given}{os.pathsep}{here}" if given else here}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
