"""The life of points: the whole rule set, in the real ledger and desks, against the naive model of tests/model.

A step is a handful of operations (orders, refunds, commands) in one or a few transactions, or time that passes, a
sweep, new rules with a restart. After each step every figure is compared; at the end also every line, every chain and
the audit.

NOSTR_LOYALTY_TEST_STEPS says how many operations; 200000 are for a machine that has ten minutes.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.model import chance
from tests.model.happenings import happen
from tests.model.one_thread import in_one_thread
from tests.model.pair import Pair

OPERATIONS = int(os.environ.get("NOSTR_LOYALTY_TEST_STEPS", "25000"))
EXAMPLES = 25
"""Lives in one run of Hypothesis; then comes the next seed."""
START = 1_790_000_000
"""In September 2026: the clocks change within the first weeks."""
MEMORY = Path("/dev/shm")
"""Where a file costs no disk."""

happening = st.binary(min_size=10, max_size=10)
some = st.lists(happening, min_size=1, max_size=8)
many = st.lists(happening, min_size=6, max_size=24)


class Life(RuleBasedStateMachine):
    """Some guests, two tills and two operators of one venue, through days of anything."""

    operations: ClassVar[int] = 0

    @initialize(data=st.binary(min_size=40, max_size=40), start=st.integers(0, 400 * 24 * 3_600))
    def opens(self, data: bytes, start: int) -> None:
        """A new ledger on a real file, under rules that were drawn."""
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.runner = asyncio.Runner()
        self.sound = True
        self.pair: Pair = self.run(Pair(Path(self.folder.name), chance.rules(data), START + start).open())

    def run(self, work: Any) -> Any:
        """Run one coroutine to its end; whatever it raises is the finding, and the end is not looked at any more."""
        try:
            return self.runner.run(work)
        except BaseException:
            self.sound = False
            note("\n".join(self.pair.told) if hasattr(self, "pair") else "it does not open")
            raise

    def teardown(self) -> None:
        """Every line is the same, every chain can be checked, the audit finds nothing."""
        if hasattr(self, "pair"):
            try:
                if self.sound:
                    self.run(self.pair.verify())
            finally:
                self.run(self.pair.close())
                self.runner.close()
                self.folder.cleanup()

    @rule(happened=some)
    def something_happens(self, happened: list[bytes]) -> None:
        """Orders, refunds, commands."""
        self.happen(happened)

    @rule(happened=many)
    def much_happens(self, happened: list[bytes]) -> None:
        """A crowd of them, in few transactions."""
        self.happen(happened)

    @rule(happened=many, data=st.binary(min_size=2, max_size=2))
    def a_day_goes_by(self, happened: list[bytes], data: bytes) -> None:
        """A crowd of them, and then the night."""
        self.happen(happened)
        self.time_passes(data, swept=True)

    def happen(self, happened: list[bytes]) -> None:
        """All of it, one after another."""

        async def all_of_it() -> None:
            for data in happened:
                await happen(self.pair, data)
            await self.pair.settle()

        self.run(all_of_it())
        Life.operations += len(happened)

    @rule(data=st.binary(min_size=2, max_size=2), swept=st.booleans())
    def some_time_passes(self, data: bytes, swept: bool) -> None:
        """A second or a month."""
        self.time_passes(data, swept=swept)

    def time_passes(self, data: bytes, *, swept: bool) -> None:
        """The clock moves; and somebody sweeps, or nobody does."""
        cafe, house = self.pair.cafe, self.pair.house
        house.clock.step(chance.moment_after(house.clock.now(), cafe.rules.tz, data) - house.clock.now())
        if swept:
            self.run(self.pair.sweep())
        Life.operations += 1 + swept

    @rule(data=st.binary(min_size=41, max_size=41))
    def rules_change(self, data: bytes) -> None:
        """The venue changes its mind, and the daemon starts again."""
        self.run(self.pair.change(chance.changed(self.pair.cafe.rules, data)))
        Life.operations += 1

    @invariant()
    def everything_agrees(self) -> None:
        """Balances, lots, tiers, visits, vouchers, orders and referrals are those of the model; the sums hold."""
        if hasattr(self, "pair"):
            self.run(self.pair.compare())


@pytest.mark.timeout(3_000)
def test_life_of_points() -> None:
    """Bug 33: whatever happens in whatever order, the ledger says what the naive model says."""
    number = 0
    Life.operations = 0
    with in_one_thread():
        while Life.operations < OPERATIONS:
            run_state_machine_as_test(
                seed(number)(Life),
                settings=settings(
                    max_examples=EXAMPLES, stateful_step_count=30, deadline=None, database=None, print_blob=True,
                    phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
            number += 1
    print(f"{Life.operations} operations in {number} runs of {EXAMPLES} lives")
