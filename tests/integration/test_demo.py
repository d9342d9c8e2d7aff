"""`nostr-loyalty demo`: as a process with a real daemon and a real relay; and that its check notices differences."""

import importlib.util
import io
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from nostr_loyalty.cli import demo
from nostr_loyalty.cli.main import main
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.demo import play
from nostr_loyalty.demo.play import Performance
from nostr_loyalty.demo.screen import Screen
from nostr_loyalty.demo.script import Script
from tests.relays.real import unavailable

NOW = 1_750_000_000
README = Path(__file__).parents[2] / "README.md"
EVERYTHING_SHOWN = (
    "gift-wrapped", "in clear", "the same order again", "refund of", "half of it refunded", "cancellation of",
    "claim code", "sent by a stranger", "Rejected", "Counted before", "visit this month",
    " claim ", "redeem drink", "a free drink: show", " use ", "Used: a free drink", "You have reached Regular",
)  # fmt: skip
needs_relay = pytest.mark.skipif(unavailable("rust") is not None, reason=str(unavailable("rust")))


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command as a process of its own, whose temporary folder will be in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "nostr_loyalty", "demo", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip


def processes_about(folder: Path) -> list[str]:
    """The command lines of all running processes that mention this folder."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return [line.decode(errors="replace") for line in lines if str(folder).encode() in line]


def shape(line: str) -> str:
    """A line of the check without its numbers, which differ from one performance to the next."""
    return re.sub(r"-?\d+", "N", line)


@needs_relay
def test_once_ends_with_everything_in_order(tmp_path: Path) -> None:
    """`demo --once` exits 0, has shown every kind of thing that happens, says what it checked, and leaves nothing; the
    README shows the same check.
    """
    process = start(tmp_path, "--once", "--orders", "24")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert [shown for shown in EVERYTHING_SHOWN if shown not in out] == []
    findings = [line for line in out.splitlines() if line.startswith("✓")]
    assert len(findings) == 9
    assert "24 orders, 24 answers" in out
    assert "9 letters, 9 answers: 3 receipts claimed, 3 rewards redeemed and handed out" in out
    assert "DIFFERS" not in out
    assert list(tmp_path.iterdir()) == []
    assert processes_about(tmp_path) == []
    (shown,) = re.findall(r"^```text\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    _, end = shown.split("…\n")
    told = [shape(line) for line in end.splitlines()]
    assert [shape(line) for line in out.splitlines()[-len(told) :]] == told


@needs_relay
def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    """Without --once it goes on; the first Ctrl-C lets it check what was done and end with 0, and nothing is left."""
    process = start(tmp_path, "--orders", "2")
    assert process.stdout is not None
    for line in process.stdout:
        if "events are on the relay" in line:
            break
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert "Everything is as it must be." in out
    assert list(tmp_path.iterdir()) == []
    assert processes_about(tmp_path) == []


@needs_relay
def test_a_daemon_that_dies_is_a_difference(tmp_path: Path) -> None:
    """kill -9 of the daemon ends the demo with exit 1, says so, and leaves nothing."""
    process = start(tmp_path, "--orders", "2")
    assert process.stdout is not None
    for line in process.stdout:
        if "events are on the relay" in line:
            break
    (daemon,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(daemon), signal.SIGKILL)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1, out
    assert "DIFFERS: The daemon ended with exit status -9." in out
    assert list(tmp_path.iterdir()) == []
    deadline = time.monotonic() + 5  # the relay notices within a second that its daemon is gone
    while processes_about(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_about(tmp_path) == []


def test_without_nostr_sdk_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra `relay` the command ends at once with exit 69 and the remedy."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nostr_sdk" else find(name))
    assert main(["demo", "--once"]) == 69
    assert "pip install 'nostr-loyalty[relay]'" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many", "10001", "٣"])
def test_a_number_of_orders_that_makes_no_sense_is_usage(number: str) -> None:
    """--orders takes 1 to 10,000."""
    with pytest.raises(SystemExit) as caught:
        main(["demo", "--once", "--orders", number])
    assert caught.value.code == 2
    assert demo.ORDERS == 24


@needs_relay
async def test_a_book_that_says_more_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a real daemon: with one sale in the book that was never sent the exit code is 1, and it is said."""
    monkeypatch.setattr(play, "READ_BACK_S_MAX", 0.5)
    shown = io.StringIO()
    performance = Performance(Screen(Console(file=shown, width=200)), SystemClock(), orders=3, once=True)
    extra = Script(performance._cast, random.Random(0)).next(NOW)
    performance._book.note(extra, "never sent")
    performance._book.entries.clear()  # so that the live show goes on to the check
    assert await performance.run() == 1
    assert "the till's book says" in shown.getvalue()
    assert "answered 0 times" in shown.getvalue()
