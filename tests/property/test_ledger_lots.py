"""Any sequence of credits, debits, refunds, restorations, moves and expiries, booked on a real file, against the naive
sum.
"""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ledger import book, statement
from ledger.lot import Draw, Position
from tests.unit.ledger.venue import Venue

DAY = 24 * 60 * 60
CUSTOMERS = [hashlib.sha256(bytes([each])).hexdigest() for each in range(2)]

points = st.integers(1, 60)
customers = st.sampled_from(CUSTOMERS)


class Ledger(RuleBasedStateMachine):
    """Two customers of a venue, through days of anything; after each step everything must still agree."""

    made_credits = Bundle("made_credits")
    made_debits = Bundle("made_debits")

    @initialize()
    def opens(self) -> None:
        """A new ledger on a real file."""
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.venue: Venue = self.run(Venue.open(Path(self.folder.name) / "ledger.db"))
        self.now = 0
        self.sums = dict.fromkeys(CUSTOMERS, 0)
        self.drawn: dict[int, int] = {}

    def run(self, work: Any) -> Any:
        """Runs one coroutine to its end."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """The audit finds nothing; the file is closed."""
        if hasattr(self, "venue"):
            report = self.run(self.venue.audit())
            assert report.is_clean, report.findings
            self.run(self.venue.close())
            self.runner.close()
            self.folder.cleanup()

    @rule(target=made_credits, who=customers, points=points, days=st.none() | st.integers(1, 5))
    def earn(self, who: str, points: int, days: int | None) -> tuple[str, int, int]:
        """A credit, with or without an end."""
        entry_id = self.run(
            self.venue.earn(who, points, at=self.now, expires_at=None if days is None else self.now + days * DAY)
        )
        self.sums[who] += points
        return who, entry_id, points

    @rule(target=made_debits, who=customers, points=points)
    def spend(self, who: str, points: int) -> tuple[str, int | None, int]:
        """A debit; it succeeds exactly where enough is spendable."""
        spendable = self.position(who).spendable(self.now)
        entry_id = self.run(self.venue.spend(who, points, at=self.now))
        assert (entry_id is not None) == (points <= spendable)
        if entry_id is not None:
            self.sums[who] -= points
            self.drawn[entry_id] = points
        return who, entry_id, points

    @rule(credit=made_credits, points=points)
    def refund(self, credit: tuple[str, int, int], points: int) -> None:
        """A refund of a part, any number of times: together they never take more than was credited."""
        who, entry_id, _ = credit
        before = self.sums[who]
        refunded = self.run(self.venue.refund(who, entry_id, points, at=self.now))
        self.sums[who] = self.balance(who)
        taken = before - self.sums[who]
        assert 0 <= taken <= points
        assert (refunded is None) == (taken == 0)

    @rule(credit=made_credits, points=points)
    def refund_without_a_debt(self, credit: tuple[str, int, int], points: int) -> None:
        """A refund where the program clamps: it takes no more than the same refund would otherwise, and leaves no debt
        behind that was not there.
        """
        who, entry_id, _ = credit
        before = self.position(who, also=entry_id)
        allowed = before.reverse_credit(entry_id, points, at=self.now)
        refunded = self.run(self.venue.refund(who, entry_id, points, at=self.now, deficit=False))
        taken = self.sums[who] - self.balance(who)
        self.sums[who] -= taken
        assert 0 <= taken <= (0 if allowed is None else -allowed.points)
        assert (refunded is None) == (taken == 0)
        assert self.position(who).deficit == before.deficit
        if allowed is not None and taken < -allowed.points:
            assert not self.position(who).spendable(self.now)

    @rule(who=customers, points=points)
    def take(self, who: str, points: int) -> None:
        """An operator takes points by hand: always all of them, and a debt only for what could not be spent."""
        spendable, deficit = self.position(who).spendable(self.now), self.position(who).deficit
        self.run(self.venue.take(who, points, at=self.now))
        self.sums[who] -= points
        assert self.position(who).deficit == deficit + max(0, points - spendable)

    @rule(debit=consumes(made_debits))
    def restore(self, debit: tuple[str, int | None, int]) -> None:
        """A redemption is called off: all that was not given back before comes back, after what has run out was written
        off.
        """
        who, entry_id, _ = debit
        if entry_id is not None:
            overdue = sum(lot.remaining for lot in self.position(who).due(self.now))
            self.run(self.venue.restore(who, entry_id, at=self.now))
            self.sums[who] += self.drawn[entry_id] - overdue
            self.drawn[entry_id] = 0

    @rule(debit=made_debits, points=points)
    def restore_a_part(self, debit: tuple[str, int | None, int], points: int) -> None:
        """A part of a redemption is given back, any number of times: each part counts once, and fills a debt first."""
        who, entry_id, _ = debit
        if entry_id is None or not self.drawn[entry_id]:
            return
        points = min(points, self.drawn[entry_id])
        overdue = sum(lot.remaining for lot in self.position(who).due(self.now))
        before = self.position(who)
        self.run(self.venue.restore(who, entry_id, points, at=self.now))
        self.sums[who] += points - overdue
        self.drawn[entry_id] -= points
        after = self.position(who)
        assert after.deficit == max(0, before.deficit - points)
        assert after.spendable(self.now) == before.spendable(self.now) + max(0, points - before.deficit)

    @rule(old=customers)
    def move(self, old: str) -> None:
        """A key is replaced: all goes to the other one with its end, a debt too, and nothing is lost on the way."""
        new = next(who for who in CUSTOMERS if who != old)
        ends = self.ends(old, new)
        for who in CUSTOMERS:
            self.sums[who] -= sum(lot.remaining for lot in self.position(who).due(self.now))
        owed = min(self.sums.values())
        self.run(self.venue.move(old, new, at=self.now))
        self.sums[new] += self.sums[old]
        self.sums[old] = 0
        if owed >= 0:
            assert self.ends(new) == ends

    @rule(who=customers)
    def sweep(self, who: str) -> None:
        """The write-off takes exactly what has run out, and changes nothing that could be spent."""
        overdue = sum(lot.remaining for lot in self.position(who).due(self.now))
        spendable = self.position(who).spendable(self.now)
        self.run(self.venue.expire(who, at=self.now))
        self.sums[who] -= overdue
        assert self.position(who).spendable(self.now) == spendable

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        """Time passes."""
        self.now += days * DAY

    @invariant()
    def everything_agrees(self) -> None:
        """Cached balance = naive sum = lots - deficit = sum of the history; no deficit beside a spendable lot."""
        if not hasattr(self, "venue"):
            return
        for who in CUSTOMERS:
            position = self.position(who)
            assert self.balance(who) == self.sums[who] == position.balance == self.history(who)
            assert all(0 <= lot.remaining <= lot.points for lot in position.lots)
            live = sum(lot.remaining for lot in position.lots if not lot.is_over(self.now))
            assert not (position.deficit and live)
            assert position.next_expiry(self.now) == min(self.ends(who).items(), default=None)

    @invariant()
    def what_is_drawn_is_known(self) -> None:
        """The outstanding draws of each redemption are its points less those that came back."""
        for entry_id, points in self.drawn.items() if hasattr(self, "venue") else ():
            assert sum(draw.points for draw in self.outstanding(entry_id)) == points

    def position(self, who: str, also: int | None = None) -> Position:
        """The stored lots and deficit; and the lot of one credit in any case."""

        async def read() -> Position:
            async with self.venue.database.write() as w:
                return (await self.venue.position(w, who, also=() if also is None else (also,)))[1]

        found: Position = self.run(read())
        return found

    def ends(self, *customers: str) -> dict[int, int]:
        """Unix time -> the points of these customers that end then, of those that still live."""
        found: dict[int, int] = {}
        for who in customers:
            for lot in self.position(who).lots:
                if lot.expires_at is not None and not lot.is_over(self.now):
                    found[lot.expires_at] = found.get(lot.expires_at, 0) + lot.remaining
        return found

    def outstanding(self, entry_id: int) -> list[Draw]:
        """What a redemption still holds of lots."""

        async def read() -> list[Draw]:
            async with self.venue.database.read() as r:
                return await book.entries_drawn(r, entry_id)

        found: list[Draw] = self.run(read())
        return found

    def balance(self, who: str) -> int:
        """The cached balance."""
        return int(self.run(self.venue.standing(who)).balance)

    def history(self, who: str) -> int:
        """The sum over all entries read back one by one."""

        async def read() -> int:
            async with self.venue.database.read() as r:
                standing = (await book.find_standings(r, [(self.venue.program_id, who)]))[self.venue.program_id, who]
                return sum(entry.points for entry in await statement.history(r, standing.id, limit=10_000))

        return int(self.run(read()))


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
