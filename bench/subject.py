"""What is measured, as a process of its own: started, watched through /proc, ended by its number.

CPU time is user and system time of all threads. Memory is the resident set; its peak is the kernel's own mark.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.relays.real import REPOSITORY

READY_S_MAX = 60.0
STOP_S_MAX = 20.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Subject:
    """A process that says that it is ready by writing a file."""

    def __init__(self, name: str, arguments: Sequence[str], folder: Path) -> None:
        """`arguments` come after the interpreter's name; the file's path is appended to them."""
        self.name = name
        self.folder = folder
        self._ready = folder / f"{name}.ready"
        self._arguments = [*arguments, str(self._ready)]
        self._output = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        """Start it; it is ready. RuntimeError with its output if it is not."""
        self._ready.unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        self._process = self._spawn(environment)
        deadline = asyncio.get_running_loop().time() + READY_S_MAX
        while not self._ready.exists():
            if self._process.poll() is not None or asyncio.get_running_loop().time() > deadline:
                await self.__aexit__()
                raise RuntimeError(f"{self.name} did not start: {self.output()[-2000:]}")
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _spawn(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, *self._arguments], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it is still there."""
        return self._process is not None and self._process.poll() is None

    def output(self) -> str:
        """What it has written so far."""
        return self._output.read_text(errors="replace")

    def cpu_s(self) -> float:
        """Seconds of CPU it has used."""
        return process_s(self.pid)

    def rss_mb(self) -> float:
        """Megabytes it holds in memory now."""
        return self._memory("VmRSS")

    def rss_peak_mb(self) -> float:
        """The most it held at any time."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024 / 1_000_000
        return 0.0


def daemon(config: Path, *, module: str = "nostr_loyalty") -> Subject:
    """`nostr-loyalty run` with this configuration; `module` runs it, with or without a stopwatch."""
    return Subject("daemon", ["-m", module, "run", "--config", str(config), "--ready-file"], config.parent)


def process_s(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def machine_s() -> float:
    """Seconds of CPU that all processes together have used since the machine started."""
    user, nice, system = Path("/proc/stat").read_text().split(maxsplit=4)[1:4]
    return (int(user) + int(nice) + int(system)) / _TICKS_PER_S
