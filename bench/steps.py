"""The steps of a run, one letter each: what is started, loaded, measured, and which target a figure has."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bench import flood, floor, idle, reading_back, real_relay, throughput
from bench.bots import BOTS, OUTSTANDING_MAX, bot
from bench.figures import Figure, Report, Target
from bench.filled_ledger import FilledLedger
from bench.load import Customers, Mode, orders
from bench.profiling import Profiler, show_statements
from bench.rule_set import RULES
from bench.subject import daemon
from bench.throughput import Run
from kinds.keys import npub_encode
from tests.relays.real import ChildRelay, RustRelay, ScriptedProcess
from tests.venue import Venue, new_key

STEPS: Final = {
    "a": "the floor",
    "b": "orders per second, CPU and memory",
    "c": "bots",
    "d": "one order at a time",
    "f": "empty and filled ledger",
    "g": "the Rust relay at its limit",
    "h": "orders waiting at the relay",
    "i": "ten earning rules, three tiers, five multipliers",
    "j": "a flood of junk wraps",
}
MODES: Final[tuple[Mode, ...]] = ("public", "private", "private, wrapped orders")
RATE_MIN: Final[dict[Mode, float]] = {"public": 2_500, "private": 1_200, "private, wrapped orders": 1_200}
IDLE_SAMPLES: Final = 320
FILLED_CUSTOMERS: Final = 100_000
PAIRS_MAX: Final = 4
RULE_PAIRS: Final = 3
QUIET: Final = 0.1
"""A pair of runs is taken again while more than this share of the machine went to others."""
DAY_S: Final = 86_400


class Bench:
    """One run. Everything lives below `folder`, which its owner removes."""

    def __init__(self, report: Report, asked: argparse.Namespace, folder: Path) -> None:
        self.report = report
        self.failed = False
        self._asked = asked
        self._folder = folder
        self._public_rate: float | None = None

    async def step(self, letter: str) -> None:
        """One step; a failure is printed and the others go on."""
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "a": self._floor, "b": self._ours, "c": self._bots, "d": self._idle, "f": self._filled,
            "g": self._at_the_limit, "h": self._waiting, "i": self._with_rules, "j": self._flooded,
        }  # fmt: skip
        try:
            await steps[letter]()
        except (RuntimeError, AssertionError, TimeoutError, OSError) as error:
            self.failed = True
            print(f"  FAILED: {error}", flush=True)

    # -- a, b, c, d -----------------------------------------------------------------------------------------------

    async def _floor(self) -> None:
        found = floor.measure()
        self.report.floor = found.orders_per_s
        detail = f"verify {1e6 * found.verify_s:.0f} µs, sign {1e6 * found.sign_s:.0f} µs"
        self._add("a  floor: one verify and one sign", found.orders_per_s, "orders/s", is_rate=True, note=detail)

    async def _ours(self) -> None:
        for mode in MODES:
            count = self._count(mode)
            run = await self._run_daemon(mode, count)
            label = f"b  ours, {mode}"
            others = f"{count:,} orders; {run.others:.0%} of the machine went to others"
            self._add(label, run.rate, "orders/s", Target(RATE_MIN[mode]), is_rate=True, note=others)
            if mode == "public" and self.report.floor:
                self._add(f"{label}, of the floor", run.rate / self.report.floor, "", Target(0.3))
            self._add(f"{label}, all sent", run.rate_all, "orders/s", note=f"with {run.answers:,} answers, and cards")
            self._add(f"e  CPU per order, {mode}", run.cpu_us, "µs", note="of the daemon, answers and cards included")
            self._add(f"e  memory, {mode}", run.rss_peak_mb, "MB", Target(150, at_most=True), note="RSS, peak")
            if mode == "public":
                self._public_rate = run.rate
            if self._asked.profile:
                await self._profile(mode, count)

    async def _bots(self) -> None:
        count = min(1_000 if self._asked.quick else 3_000, self._count("public"))
        for name, module in BOTS.items():
            async with AsyncExitStack() as stack:
                relay, venue = await self._relay_and_venue(stack, "public")
                load = orders(venue, Customers.make(self._asked.customers), count, "public")
                subject = await stack.enter_async_context(bot(module, venue, relay.url))
                run = await throughput.measure(
                    subject, relay, venue, load, ledger=None, outstanding_max=OUTSTANDING_MAX
                )
            reading_back.check(run.entries, load.customers, count)
            note = f"{count:,} orders; {run.cpu_us:.0f} µs CPU; {run.others:.0%} of the machine went to others"
            self._add(f"c  {name}", run.rate, "orders/s", is_rate=True, note=note)
            self.report.bots[name] = run.rate
            if self._public_rate is not None:
                self._add(f"c  ours, public, × {name}", self._public_rate / run.rate, "", Target(5))

    async def _idle(self) -> None:
        for mode in MODES:
            async with AsyncExitStack() as stack:
                relay, venue = await self._relay_and_venue(stack, mode)
                load = orders(venue, Customers.make(50), IDLE_SAMPLES + idle.WARM_UP, mode)
                subject = await stack.enter_async_context(daemon(venue.write_config()))
                found = await idle.measure(subject, relay.url, venue, load)
            self._add(f"d  idle p50, {mode}", found.p50, "ms")
            note = f"{IDLE_SAMPLES} samples, worst {found.worst:.1f} ms"
            self._add(f"d  idle p99, {mode}", found.p99, "ms", Target(25, at_most=True), note=note)

    # -- f, g, h --------------------------------------------------------------------------------------------------

    async def _filled(self) -> None:
        folder = self._asked.cache or self._folder / "filled"
        customers = min(FILLED_CUSTOMERS, self._asked.entries)
        filled = FilledLedger(folder, customers, self._asked.entries)
        seconds = await filled.prepare()
        size = f"{self._asked.entries:,} entries, {customers:,} customers, {filled.size_mb():,.0f} MB"
        print(f"  {size}, ready after {seconds:.0f} s", flush=True)
        count = self._count("public")
        pairs: list[tuple[Run, Run]] = []
        while len(pairs) < PAIRS_MAX and not (pairs and _disturbed(pairs[-1]) <= QUIET):
            empty_run = await self._run_on(filled, count, is_filled=False)
            pairs.append((empty_run, await self._run_on(filled, count, is_filled=True)))
        empty, full = min(pairs, key=_disturbed)
        note = f"the quietest of {len(pairs)} pairs of runs, {count:,} orders of {customers:,} customers"
        self._add("f  empty ledger, public", empty.rate, "orders/s", is_rate=True, note=note)
        self._add("f  filled ledger, public", full.rate, "orders/s", is_rate=True, note=size)
        disturbed = _disturbed((empty, full))
        judged = Target(0.85) if disturbed <= QUIET else None
        note = f"{'' if judged else 'too disturbed to judge: '}{disturbed:.0%} of the machine went to others"
        self._add("f  filled / empty", full.rate / empty.rate, "", judged, note=note)
        costs = f"{empty.cpu_us:.0f} and {full.cpu_us:.0f} µs"
        self._add("f  CPU per order, filled / empty", full.cpu_us / empty.cpu_us, "", note=costs)
        peak = max(run.rss_peak_mb for _, run in pairs)
        self._add("f  memory, filled ledger", peak, "MB", Target(200, at_most=True), note="RSS, peak")

    async def _run_on(self, filled: FilledLedger, count: int, *, is_filled: bool) -> Run:
        async with AsyncExitStack() as stack:
            relay = await stack.enter_async_context(ScriptedProcess("--no-verify"))
            venue = filled.venue(self._new_folder(), [relay.url], "public")
            ledger = venue.folder / "loyalty.db"
            if is_filled:
                filled.copy_to(venue.folder)
            load = orders(venue, filled.customers, count, "public")
            subject = await stack.enter_async_context(daemon(venue.write_config()))
            run = await throughput.measure(subject, relay, venue, load, ledger=ledger)
        reading_back.check(run.entries, filled.customers, count, from_the_start=not is_filled)
        ledger.unlink()
        about = f"{run.others:.0%} of the machine went to others"
        print(f"    {'filled' if is_filled else 'empty'}: {run.rate:,.0f} orders/s; {about}", flush=True)
        return run

    async def _at_the_limit(self) -> None:
        count = 600 if self._asked.quick else 4_000
        async with AsyncExitStack() as stack:
            relay = await stack.enter_async_context(RustRelay())
            venue = Venue(self._new_folder(), [relay.url], visibility="public")
            load = orders(venue, Customers.make(500), count, "public")
            subject = await stack.enter_async_context(daemon(venue.write_config()))
            found = await real_relay.measure(subject, relay.url, venue, load, venue.folder / "loyalty.db", 180)
        pace = "no pace had to be learned" if found.pace is None else f"learned pace {found.pace:.0f} a minute"
        sent = f"{found.sent:,} events sent in {found.seconds:.1f} s"
        note = f"{count:,} orders, entries read back by REQ; {sent}; {pace}"
        self._add("g  Rust relay, orders lost", found.lost, "", Target(0, at_most=True), note=note)
        self._add("g  Rust relay, connections", found.connects, "", Target(5, at_most=True), note="no reconnect storm")

    async def _waiting(self) -> None:
        count = self._asked.waiting
        async with AsyncExitStack() as stack:
            relay, venue = await self._relay_and_venue(stack, "public")
            load = orders(venue, Customers.make(10_000), count, "public", spread_s=DAY_S)
            subject = daemon(venue.write_config())
            run = await throughput.measure_waiting(stack, subject, relay, venue, load, venue.folder / "loyalty.db")
        reading_back.check(run.entries, load.customers, count)
        note = f"{count:,} orders at the relay when the daemon starts"
        self._add("h  orders waiting, public", run.rate, "orders/s", is_rate=True, note=note)
        self._add("h  memory, orders waiting", run.rss_peak_mb, "MB", Target(150, at_most=True), note="RSS, peak")

    async def _with_rules(self) -> None:
        """Runs by turns with one rule and with many; the best of each counts, for a disturbance only ever slows."""
        count = self._count("public")
        pairs = [
            (await self._run_daemon("public", count), await self._run_daemon("public", count, RULES))
            for _ in range(RULE_PAIRS)
        ]
        plain, ruled = (max(runs, key=lambda run: run.rate) for runs in zip(*pairs, strict=True))
        self._add("i  one spend rule, public", plain.rate, "orders/s", is_rate=True, note=f"{plain.cpu_us:.0f} µs CPU")
        self._add("i  ten rules, public", ruled.rate, "orders/s", is_rate=True, note=f"{ruled.cpu_us:.0f} µs CPU")
        note = f"the best of {RULE_PAIRS} runs each; {_disturbed((plain, ruled)):.0%} of the machine went to others"
        self._add("i  ten rules / one", ruled.rate / plain.rate, "", Target(0.9), note=note)

    async def _flooded(self) -> None:
        count, operator = (10_000 if self._asked.quick else 50_000), new_key()
        async with AsyncExitStack() as stack:
            relay, venue = await self._relay_and_venue(stack, "public")
            staff = await stack.enter_async_context(ScriptedProcess("--no-verify"))
            venue.extra = f'operators = ["{npub_encode(operator.public)}"]'
            venue.daemon_extra = f'staff_relays = ["{staff.url}"]'
            subject = await stack.enter_async_context(daemon(venue.write_config()))
            found = await flood.measure(subject, venue, operator, relay.url, staff.url, count)
            peak = subject.rss_peak_mb()
        note = f"{count:,} junk wraps in {found.flood_s:.1f} s; {len(found.order)} samples, the worst"
        self._add("j  order meanwhile", max(found.order), "s", note=note)
        self._add(
            "j  order, from the relay on", max(found.after_relay), "s", Target(1, at_most=True), note="the daemon"
        )
        self._add("j  grant meanwhile", max(found.grant), "s", Target(2, at_most=True), note="at the staff's relay")
        worst = max(found.grant_at_the_flooded, default=0.0)
        self._add("j  grant at the flooded relay", worst, "s", note="the worst; no promise")
        self._add("j  memory, flooded", peak, "MB", Target(200, at_most=True), note="RSS, peak")

    # -- what they share ------------------------------------------------------------------------------------------

    async def _run_daemon(self, mode: Mode, count: int, rules: str = "") -> Run:
        async with AsyncExitStack() as stack:
            relay, venue = await self._relay_and_venue(stack, mode)
            venue.extra = rules
            load = orders(venue, Customers.make(self._asked.customers), count, mode)
            subject = await stack.enter_async_context(daemon(venue.write_config()))
            run = await throughput.measure(subject, relay, venue, load, ledger=venue.folder / "loyalty.db")
        reading_back.check(run.entries, load.customers, count)
        assert run.answers == count, f"{run.answers} answers to {count} orders"
        return run

    async def _profile(self, mode: Mode, count: int) -> None:
        """Once with a stopwatch in SQLite's threads, once under py-spy; neither run's speed is a figure."""
        sqlite_us = 0.0
        for is_timed in (True, False):
            async with AsyncExitStack() as stack:
                relay, venue = await self._relay_and_venue(stack, mode)
                load = orders(venue, Customers.make(self._asked.customers), count, mode)
                module = "bench.timed_daemon" if is_timed else "nostr_loyalty"
                subject = await stack.enter_async_context(daemon(venue.write_config(), module=module))
                profiler = Profiler(subject.pid, venue.folder)
                if not is_timed:
                    await stack.enter_async_context(profiler)
                run = await throughput.measure(subject, relay, venue, load, ledger=venue.folder / "loyalty.db")
            if is_timed:
                sqlite_us = show_statements(subject.output(), count)
            else:
                profiler.show(mode, run.cpu_us, sqlite_us)

    async def _relay_and_venue(self, stack: AsyncExitStack, mode: Mode) -> tuple[ChildRelay, Venue]:
        relay = await stack.enter_async_context(ScriptedProcess("--no-verify"))
        visibility = "public" if mode == "public" else "private"
        return relay, Venue(self._new_folder(), [relay.url], visibility=visibility)

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))

    def _count(self, mode: Mode) -> int:
        default = 5_000 if self._asked.quick else 20_000
        count: int = self._asked.orders or default
        return count if mode == "public" else max(1, count * 3 // 5)

    def _add(
        self, name: str, value: float, unit: str, target: Target | None = None, *, is_rate: bool = False, note: str = ""
    ) -> None:
        self.report.add(Figure(name, value, unit, target, is_rate=is_rate, note=note))


def _disturbed(pair: tuple[Run, Run]) -> float:
    """The share of the machine that went to others, in the worse of two runs."""
    return max(run.others for run in pair)
