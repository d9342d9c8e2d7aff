"""Where the subject's time goes: py-spy's samples, each put under the line of the bill that it belongs to.

A sample is a stack of Python frames of a thread that was not idle; time in C counts for the frame that called it. The
bill's lines are found from the innermost frame outwards: the first frame that stands in `LINES` decides. What SQLite
costs is measured by a stopwatch (`timed_daemon`), since py-spy cannot tell a thread that works from one that waits for
the disk. Another line costs its share of the other samples, times the rest of the CPU time per order of the same run.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Self

import orjson
from rich.console import Console
from rich.table import Table

from bench.timed_daemon import PREFIX

SAMPLES_PER_S = 250
TOP = 25
SQLITE = "SQLite, in its threads"

# (text in "function (file:line)", line of the bill); the first that matches a frame decides, innermost frame first.
LINES: tuple[tuple[str, str], ...] = (
    ("verify_signature (", "verify signatures (libsecp256k1)"),
    ("_parsed_key (", "verify signatures (libsecp256k1)"),
    ("sign (kinds/keys", "sign (libsecp256k1)"),
    ("__init__ (kinds/keys", "one-time keys (libsecp256k1)"),
    ("shared_x (", "ECDH (libsecp256k1)"),
    ("kinds/nip44", "NIP-44"),
    ("kinds/gift_wrap", "wrap and unwrap, besides cryptography"),
    ("kinds/event", "events: canonical JSON, ids, shapes"),
    ("claim (", "events: canonical JSON, ids, shapes"),
    ("kinds/order", "read orders"),
    ("kinds/", "write entries, cards, answers"),
    ("aiosqlite/", SQLITE),
    ("ledger/bulk", "ledger: packing batches"),
    ("ledger/", "ledger: rows to values and back"),
    ("websockets/", "WebSocket"),
    ("relay_client/connection", "WebSocket"),
    ("relay_client/", "relay client: sessions, queues, verdicts"),
    ("publishing/sealing", "seal: recipes"),
    ("publishing/outbox_worker", "outbox worker"),
    ("publishing/", "decide: promises"),
    ("nostr_loyalty/desk", "decide: orders"),
    ("nostr_loyalty/rules", "decide: orders"),
    ("nostr_loyalty/intake", "admit and recognise"),
    ("nostr_loyalty/event_path", "event path"),
    ("asyncio/", "asyncio, uvloop, thread pools"),
    ("uvloop", "asyncio, uvloop, thread pools"),
    ("concurrent/", "asyncio, uvloop, thread pools"),
    ("threading.py", "asyncio, uvloop, thread pools"),
    ("(asyncio", "asyncio, uvloop, thread pools"),
)


class Profiler:
    """`async with Profiler(pid, folder) as profiler`; afterwards `bill()` and `top()`. Needs py-spy."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid = pid
        self._folded = folder / "profile.folded"
        self._process: asyncio.subprocess.Process | None = None
        self.stacks: Counter[tuple[str, ...]] = Counter()

    async def __aenter__(self) -> Self:
        spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
        if spy is None:
            raise RuntimeError("py-spy is not installed: pip install py-spy")
        self._process = await asyncio.create_subprocess_exec(
            spy, "record", "--pid", str(self._pid), "--rate", str(SAMPLES_PER_S), "--format", "raw", "--threads",
            "--nonblocking", "--output", str(self._folded), "--duration", "300",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await asyncio.sleep(1.0)  # py-spy has found the interpreter by then
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self._process.wait(), 20)
            except TimeoutError:
                self._process.kill()
        if self._folded.exists():
            for row in self._folded.read_text(errors="replace").splitlines():
                folded, _, samples = row.rpartition(" ")
                self.stacks[tuple(folded.split(";"))] += int(samples)

    def bill(self, cpu_us: float, sqlite_us: float) -> list[tuple[str, float]]:
        """Line of the bill and microseconds per order, the dearest first; `sqlite_us` is what the stopwatch said."""
        lines: Counter[str] = Counter()
        for stack, count in self.stacks.items():
            lines[_line_of(stack)] += count
        lines.pop(SQLITE, None)
        total, rest_us = sum(lines.values()) or 1, cpu_us - sqlite_us
        costs = [(SQLITE, sqlite_us), *((line, rest_us * count / total) for line, count in lines.items())]
        return sorted(costs, key=lambda cost: -cost[1])

    def top(self) -> list[tuple[str, float]]:
        """Innermost frames and their share."""
        leaves: Counter[str] = Counter()
        for frames, count in self.stacks.items():
            leaves[frames[-1].rpartition(":")[0] + ")"] += count
        total = sum(leaves.values()) or 1
        return [(frame, count / total) for frame, count in leaves.most_common(TOP)]

    def show(self, title: str, cpu_us: float, sqlite_us: float) -> None:
        """Print both."""
        bill = Table("line", "µs per order", title=f"{title}: {cpu_us:.0f} µs of CPU per order", title_justify="left")
        for line, microseconds in self.bill(cpu_us, sqlite_us):
            bill.add_row(line, f"{microseconds:.1f}")
        leaves = Table("innermost frame", "share", title_justify="left")
        for leaf, share in self.top():
            leaves.add_row(leaf, f"{share:.1%}")
        console = Console(width=120)
        console.print(bill)
        console.print(leaves)


def show_statements(output: str, orders: int) -> float:
    """Print what `bench.timed_daemon` has counted: the dearest statements; microseconds per order of all."""
    text = next(line for line in reversed(output.splitlines()) if line.startswith(PREFIX))
    spent: dict[str, tuple[int, float]] = orjson.loads(text.removeprefix(PREFIX))
    ordered = sorted(spent.items(), key=lambda item: -item[1][1])
    table = Table("in SQLite's threads", "calls", "µs per order", title_justify="left")
    for label, (calls, seconds) in ordered[:TOP]:
        table.add_row(label, str(calls), f"{1e6 * seconds / orders:.1f}")
    total_us = 1e6 * sum(seconds for _, seconds in spent.values()) / orders
    table.add_row("all", "", f"{total_us:.1f}")
    Console(width=120).print(table)
    return total_us


def _line_of(stack: tuple[str, ...]) -> str:
    for frame in reversed(stack):
        for text, line in LINES:
            if text in frame:
                return line
    return f"other: {stack[-1].partition(' ')[0]}"
