"""The daemon as its operators run it: `nostr-loyalty run` in a process of its own, which a test may kill.

Rules: the process is only ever signalled by the handle that started it; whatever happens to the test, it is gone at the
end of the block. Its log lines are kept in a file and read from there.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.relays.real import REPOSITORY

EXIT_S_MAX = 30.0


class DaemonProcess:
    """`async with DaemonProcess(config) as daemon:`; it may be killed and started again any number of times."""

    def __init__(self, config: Path, *, before: Callable[[], None] | None = None) -> None:
        """`before`: called in the child before the program begins, to set limits of the process."""
        self.config = config
        self.log_file = config.parent / "daemon.log"
        self.ready_file = config.parent / "ready"
        self._before = before
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.running:
            self.kill()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the last start."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; returns at once."""
        assert not self.running, "one at a time"
        self.ready_file.unlink(missing_ok=True)
        command = [*_PROGRAM, "run", "--config", str(self.config), "--ready-file", str(self.ready_file)]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=REPOSITORY, stdout=log, stderr=log, preexec_fn=self._before, env=_environment()
            )

    async def started(self) -> None:
        """Start it and wait until it is ready."""
        self.start()
        await self.until(self.ready_file.exists, 30.0)

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait for a condition while the daemon runs; AssertionError with its log if it ends or takes too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while not condition():
            assert self.running, f"the daemon has ended: {self.log()[-3000:]}"
            assert loop.time() < deadline, f"not within {within_s} s: {self.log()[-3000:]}"
            await asyncio.sleep(0.02)

    def kill(self) -> None:
        """kill -9, now."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    async def stopped(self, within_s: float = EXIT_S_MAX) -> int:
        """SIGTERM; the exit code. AssertionError if it takes longer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self.ended(within_s)

    async def ended(self, within_s: float = EXIT_S_MAX) -> int:
        """Wait for its end; the exit code. AssertionError if it takes longer."""
        assert self._process is not None
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while self._process.poll() is None:
            assert loop.time() < deadline, f"still running after {within_s} s: {self.log()[-3000:]}"
            await asyncio.sleep(0.02)
        return self._process.returncode

    def log(self) -> str:
        """What all starts have written."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log lines with this text, oldest first."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]


async def command_line(*arguments: str | Path) -> tuple[int, str]:
    """Run `nostr-loyalty …` to its end; the exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *_PROGRAM, *map(str, arguments), cwd=REPOSITORY, env=_environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), EXIT_S_MAX)
    assert process.returncode is not None
    return process.returncode, output.decode()


_PROGRAM = (sys.executable, "-m", "nostr_loyalty")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
