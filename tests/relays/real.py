"""Relays as child processes: those that others wrote, and the scripted one where it must not share our event loop.

Each is an async context manager with `.url`, `.kill()` and `.stop()`. Rules:
- A child runs in a process group of its own, and only that group is ever signalled, by its number.
- Every child is bounded in time: by its own lifetime, by the end of whoever started it, or by `LIFETIME_S` here.
- What it writes goes to a file in its own folder, which is shown when it does not start.

`unavailable(name)` says why a relay cannot run here, so that a test skips with the reason and not in silence.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).resolve().parents[2]
NPM_FOLDER = Path(__file__).resolve().parent / "npm"
LIFETIME_S = 600
START_S_MAX = 30.0
STOP_S_MAX = 5.0

PYTHON_RELAY_YAML = """\
storage:
  sqlalchemy.url: "sqlite+aiosqlite:///relay.sqlite3"
  validators: [nostr_relay.validators.is_not_too_large, nostr_relay.validators.is_signed]
gunicorn: {{bind: "127.0.0.1:{port}", workers: 1}}
verification: {{nip05_verification: disabled}}
authentication: {{enabled: false}}
max_event_size: 65536
subscription_limit: 32
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unavailable(name: str) -> str | None:
    """Why the relay of this name ("scripted", "rust", "python", "npm") cannot run here, or None."""
    if name == "rust" and importlib.util.find_spec("nostr_sdk") is None:
        return "nostr_sdk is not installed (pip install '.[relay]')"
    if name == "python" and importlib.util.find_spec("nostr_relay") is None:
        return "nostr-relay is not installed (pip install '.[dev]')"
    if name == "npm" and shutil.which("node") is None:
        return "node is not installed"
    if name == "npm" and not (NPM_FOLDER / "node_modules" / "better-sqlite3" / "build").is_dir():
        return "tests/relays/npm is not installed (make npm-relay)"
    return None


class ChildRelay:
    """A relay in a child process. Subclasses say how to start it, in `command`."""

    def __init__(self, *, folder: Path | None = None, port: int | None = None) -> None:
        self.port = port or free_port()
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="relay-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The command line; its working folder is `self.folder`."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> Self:
        """Start it, and return when it answers a WebSocket handshake. RuntimeError with its output if it does not."""
        self._process = self._spawn()
        asyncio.get_running_loop().call_later(LIFETIME_S, self.kill)
        deadline = asyncio.get_running_loop().time() + START_S_MAX
        while not await answers(self.port):
            late = asyncio.get_running_loop().time() > deadline
            if late or self._process.poll() is not None:
                self.kill()
                raise RuntimeError(f"{type(self).__name__} did not start: {self.output()[-2000:]}")
            await asyncio.sleep(0.05)
        return self

    def output(self) -> str:
        """What it has written so far."""
        return (self.folder / "output.log").read_text(errors="replace")

    def kill(self) -> None:
        """kill -9 for the whole group, now. Files stay."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    async def stop(self) -> None:
        """End it politely, then not. Its own folder is removed."""
        self._signal(signal.SIGTERM)
        if self._process is not None:
            try:
                await asyncio.to_thread(self._process.wait, STOP_S_MAX)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with (self.folder / "output.log").open("ab") as output:
            return subprocess.Popen(
                self.command(), cwd=self.folder, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def _signal(self, number: signal.Signals) -> None:
        # The leader is not reaped before wait(), so its group's number cannot have become somebody else's.
        if self._process is not None and self._process.returncode is None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                pass


class ScriptedProcess(ChildRelay):
    """The scripted relay, alone on its own event loop: what the benches use. `options`: see tests/relays/serve.py."""

    def __init__(self, *options: str, folder: Path | None = None, port: int | None = None) -> None:
        super().__init__(folder=folder, port=port)
        self.options = options

    def command(self) -> list[str]:
        """See serve.py."""
        fixed = ["-m", "tests.relays.scripted", "--port", str(self.port), "--lifetime", str(LIFETIME_S)]
        return [sys.executable, *fixed, *self.options]


class RustRelay(ChildRelay):
    """The `LocalRelay` of nostr-sdk; in memory, or on disk with `lmdb=True`. `options`: see rust_relay.py."""

    def __init__(self, *options: str, lmdb: bool = False, folder: Path | None = None, port: int | None = None) -> None:
        super().__init__(folder=folder, port=port)
        self.options = (*options, "--data", str(self.folder / "lmdb")) if lmdb else options

    def command(self) -> list[str]:
        """See rust_relay.py."""
        fixed = ["-m", "tests.relays.rust_relay", "--port", str(self.port), "--lifetime", str(LIFETIME_S)]
        return [sys.executable, *fixed, *self.options]


class PythonRelay(ChildRelay):
    """`nostr-relay` from PyPI, on SQLite in its own folder."""

    def command(self) -> list[str]:
        """Its own command line, with the configuration written beside its database."""
        (self.folder / "relay.yaml").write_text(PYTHON_RELAY_YAML.format(port=self.port))
        program = "from nostr_relay.cli import main; main()"
        return [sys.executable, "-c", program, "-c", "relay.yaml", "serve", "--use-uvicorn"]


class NpmRelay(ChildRelay):
    """`@nostr-relay/*` from npm, on SQLite in its own folder; installed by `make npm-relay`."""

    def command(self) -> list[str]:
        """See npm/server.js."""
        node = shutil.which("node")
        assert node is not None
        return [node, str(NPM_FOLDER / "server.js"), str(self.port), str(self.folder / "relay.sqlite3")]


async def answers(port: int) -> bool:
    """Whether 127.0.0.1:port accepts a WebSocket handshake now."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        return b" 101 " in await asyncio.wait_for(reader.readline(), 2.0)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
