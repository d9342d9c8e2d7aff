"""Saying "ready", "stopping" and "still alive" to whoever started the daemon.

systemd is told over the datagram socket of NOTIFY_SOCKET (sd_notify(3)), without a library; scripts and tests get a
file with the daemon's process id, which appears at once and in whole, and goes away when the daemon stops. Nobody
listening is the normal case on a terminal and no error; a lost notification never stops the daemon.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import structlog

from nostr_loyalty.clock import Clock
from nostr_loyalty.errors import Unavailable

_log = structlog.get_logger()


class Readiness:
    """One per daemon. Call `ready` once everything serves, `stopping` when the end begins; both may be repeated."""

    def __init__(self, ready_file: Path | None = None, environ: Mapping[str, str] = os.environ) -> None:
        """Take away a `ready_file` that an earlier run left behind; Unavailable when that is not possible."""
        self._ready_file = ready_file
        self._socket = environ.get("NOTIFY_SOCKET", "")
        self._watchdog_us = _watchdog_us(environ)
        self._remove_ready_file()

    def ready(self, status: str = "") -> None:
        """Everything serves. Unavailable when the ready file cannot be written."""
        self._notify("READY=1", *([f"STATUS={_line(status)}"] if status else []))
        if self._ready_file is not None:
            _write_whole(self._ready_file, f"{os.getpid()}\n")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._notify(f"STATUS={_line(text)}")

    def stopping(self) -> None:
        """The end has begun: what still waits is finished, nothing new is taken."""
        self._notify("STOPPING=1")
        self._remove_ready_file()

    @property
    def watchdog_interval_s(self) -> float | None:
        """How often to call `alive`: half of what systemd allows, or None where no watchdog is set for this process."""
        return None if self._watchdog_us is None else self._watchdog_us / 2_000_000

    def alive(self) -> None:
        """Tell the watchdog that the event loop turns."""
        self._notify("WATCHDOG=1")

    async def keep_alive(self, clock: Clock) -> None:
        """Call `alive` in time until cancelled; returns at once where there is no watchdog."""
        interval_s = self.watchdog_interval_s
        while interval_s is not None:
            self.alive()
            await clock.sleep(interval_s)

    def _notify(self, *lines: str) -> None:
        if not self._socket:
            return
        # A leading "@" stands for the NUL byte of Linux's abstract socket names.
        address = "\0" + self._socket[1:] if self._socket.startswith("@") else self._socket
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.connect(address)
                out.sendall("\n".join(lines).encode())
        except OSError as error:
            _log.warning("notify-failed", reason=str(error))

    def _remove_ready_file(self) -> None:
        if self._ready_file is None:
            return
        try:
            self._ready_file.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable("disk-unavailable", f"{self._ready_file}: {error.strerror}") from error


def _watchdog_us(environ: Mapping[str, str]) -> int | None:
    """The watchdog's period for this very process: WATCHDOG_PID may name another (sd_watchdog_enabled(3))."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environ.get("WATCHDOG_USEC", "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def _line(text: str) -> str:
    return " ".join(text.split())


def _write_whole(path: Path, text: str) -> None:
    """A reader sees the old file or the whole new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Unavailable("disk-unavailable", f"{path}: {error.strerror}") from error
