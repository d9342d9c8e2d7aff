"""The model and the real thing side by side: the same happenings for both, and what each makes of them compared."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import orjson

from kinds.entry import verify_chain
from kinds.event import Rumor, rumor_from_canonical, sign
from ledger import statement
from nostr_loyalty.commands.command import Request
from nostr_loyalty.rules.claiming import claim_hash
from tests.model import night
from tests.model.cafe import Cafe
from tests.model.house import House, key_of
from tests.model.rules import Rules, section

GUESTS = ("ana", "ben", "eva", "leo", "zoe")
TILLS = ("till", "bar")
KEYS = {key_of(name).public: name for name in GUESTS}
_STATE = """
SELECT (SELECT json_group_array(json_array(lower(hex(customer)), balance, deficit, seq, visits, tier, grace_until,
                                           review_at, frozen, spent_minor, earned_points, id)) FROM standing),
       (SELECT json_group_array(json_array(standing_id, remaining, expires_at)) FROM lot WHERE remaining > 0),
       (SELECT json_group_array(json_array(lower(hex(hash)), standing_id, status, charged)) FROM voucher),
       (SELECT json_group_array(json_array(lower(hex(source)), reference, status, refunded_minor, earned, reversed,
                                           unbooked, pending_until, held)) FROM paid_order),
       (SELECT json_group_array(json_array(lower(hex(source)), order_reference, amount_minor)) FROM waiting_refund),
       (SELECT json_group_array(status) FROM referral)
"""


class Pair:
    """A café and a house with the same rules and the same guests."""

    def __init__(self, folder: Path, rules: Rules, now: int) -> None:
        """Nothing happens before `open`."""
        self.cafe = Cafe(rules)
        self.house = House(folder, section(rules), now, tills=TILLS)
        self.claim_codes: dict[int, str] = {}
        self.voucher_codes: dict[str, str] = {}
        self._rumors: list[tuple[Rumor, str, Callable[[Any], None] | None]] = []
        self._requests: list[tuple[Request, str, Callable[[Any], None] | None]] = []
        self.done: list[Request] = []
        self.told: list[str] = []
        self.refused = 0
        self._refs = 0
        self.told.append(f"the rules are {rules}")

    @property
    def now(self) -> int:
        """The time for both."""
        return self.house.clock.now()

    async def open(self) -> "Pair":
        """Begin."""
        await self.house.open()
        return self

    async def close(self) -> None:
        """End."""
        await self.house.close()

    # -- the same for both ---------------------------------------------------------------------------------------

    def coming_ref(self) -> str:
        """The id that the next request will have."""
        return hashlib.sha256(f"request {self._refs}".encode()).hexdigest()

    def next_ref(self) -> str:
        """The id of a request, the same in every run."""
        ref = self.coming_ref()
        self._refs += 1
        return ref

    async def report(self, rumor: Rumor, expected: str, then: Callable[[Any], None] | None = None) -> None:
        """A till's message; what the model made of it; what is to be done with the answer."""
        if self._requests:
            await self.settle()
        self._tell(rumor.pubkey, [tag for tag in rumor.tags if tag[0] not in ("p", "a", "note")], expected)
        self._rumors.append((rumor, expected, then))

    async def ask(self, request: Request, expected: str, then: Callable[[Any], None] | None = None) -> None:
        """A command; what the model made of it; what is to be done with the outcome."""
        if self._rumors:
            await self.settle()
        self._tell(request.actor, request.command, expected)
        self._requests.append((request, expected, then))

    def _tell(self, who: str, what: object, expected: str) -> None:
        """Write down what happens, with names for keys, for whoever has to understand a difference."""
        text = f"{datetime.fromtimestamp(self.now, UTC):%a %Y-%m-%d %H:%M:%S} UTC, {who}: {what} -> {expected}"
        names = {key: name for one in (self.house.tills, self.house.operators) for name, key in one.items()} | KEYS
        for key, name in names.items():
            text = text.replace(key, name)
        self.told.append(text)

    async def settle(self) -> None:
        """Let the house do what it was asked, and compare the answers."""
        self.cafe.batch += 1
        rumors, self._rumors = self._rumors, []
        requests, self._requests = self._requests, []
        if rumors:
            answers = await self.house.book(*(rumor for rumor, _, _ in rumors))
            for (rumor, expected, then), answer in zip(rumors, answers, strict=True):
                assert answer.result == expected, (answer, expected, rumor.tags)
                if then is not None:
                    then(answer)
        if requests:
            outcomes = await self.house.ask(*(request for request, _, _ in requests))
            for (request, expected, then), outcome in zip(requests, outcomes, strict=True):
                assert outcome.code == expected, (outcome, expected, request.command)
                if then is not None and outcome.result == "done":
                    then(outcome)

    async def sweep(self) -> None:
        """Both do what is due."""
        await self.settle()
        self.told.append(f"{datetime.fromtimestamp(self.now, UTC):%a %Y-%m-%d %H:%M:%S} UTC: swept")
        night.sweep(self.cafe, self.now)
        await self.house.sweep()

    async def change(self, rules: Rules) -> None:
        """The rules change, and the house starts again."""
        await self.settle()
        self.told.append(f"the rules are now {rules}")
        self.cafe.new_rules(rules, self.now)
        await self.house.change(section(rules))

    # -- what each says ------------------------------------------------------------------------------------------

    async def compare(self) -> None:
        """Every figure of every guest, order, voucher and referral is the same; and the sums hold in themselves."""
        await self.settle()
        standings, lots, vouchers, orders, waiting, referrals = map(orjson.loads, await self.house.row(_STATE))
        names = {row[-1]: KEYS[row[0]] for row in standings}
        by_name = {KEYS[row[0]]: row[1:-1] for row in standings}
        for name in GUESTS:
            mine = [(left, ends) for standing_id, left, ends in lots if names[standing_id] == name]
            self._compare_guest(name, by_name.get(name), mine)
        found = {hash_: (names[standing_id], status, charged) for hash_, standing_id, status, charged in vouchers}
        assert found == {
            claim_hash(self.voucher_codes[one.code]): (one.who, one.status, one.charged) for one in self.cafe.vouchers
        }
        tills = {key: name for name, key in self.house.tills.items()}
        assert {(tills[row[0]], *row[1:]) for row in orders} == {
            (one.till, one.name, one.status, one.refunded, one.earned, one.taken, one.unbooked,
             one.waits_until, int(one.held)) for one in self.cafe.orders
        }  # fmt: skip
        assert sorted((tills[row[0]], *row[1:]) for row in waiting) == sorted(
            (one.till, one.order, one.minor) for one in self.cafe.waiting
        )
        assert sorted(referrals) == sorted(one.status for one in self.cafe.brought)

    def _compare_guest(self, name: str, row: list[Any] | None, lots: list[tuple[int, int | None]]) -> None:
        purse, guest = self.cafe.purse(name), self.cafe.guest(name)
        points = sum(points for _, points in self.cafe.earned(name))
        spent = sum(one.spent for one in self.cafe.orders_of(name))
        if row is None:
            assert self.cafe.history(name) == [], name
            assert not self.cafe.orders_of(name), name
            return
        balance, deficit, seq, visits, tier, grace, look, frozen, spent_minor, earned_points = row
        assert balance == sum(left for left, _ in lots) - deficit, name
        assert sorted(lots, key=str) == sorted(((lot.left, lot.ends) for lot in purse.lots if lot.left), key=str), name
        assert (balance, deficit, seq) == (purse.balance, purse.deficit, len(self.cafe.history(name))), name
        assert (visits, spent_minor, earned_points) == (self.cafe.visits(name), spent, points), name
        assert (tier, grace, look) == (guest.held.tier, guest.held.grace, guest.held.look), name
        assert bool(frozen) == guest.frozen, name

    async def verify(self) -> None:
        """At the end: the same lines on every card, chains that anybody can check, and a clean audit."""
        await self.compare()
        await self._compare_endings()
        async with self.house.database.read() as r:
            for standing_id, key in await r.rows("SELECT id, lower(hex(customer)) FROM standing"):
                rows = await statement.history(r, standing_id, limit=10_000)
                lines = [(one.type, one.points) for one in self.cafe.history(KEYS[key])]
                assert [(row.type, row.points) for row in rows] == lines
                if rows:
                    verify_chain([sign(rumor_from_canonical(row.document), self.house.issuer) for row in rows])
        await self.house.assert_clean()

    async def _compare_endings(self) -> None:
        """All dates on which something runs out are listed, not the next one only."""
        async with self.house.database.read() as r:
            listed = await statement.upcoming(r, self.house.program.ledger_id, None, 1_000)
        found = sorted((KEYS[key], ends, points) for key, points, ends in listed if ends > self.now)
        wanted = [(name, *ending) for name in GUESTS for ending in self.cafe.purse(name).endings(self.now)]
        assert found == sorted(wanted)

    # -- what the house calls things -----------------------------------------------------------------------------

    async def entry_ref(self, who: str, place: int) -> str:
        """The event id of a guest's entry: the so-manieth of the card."""
        await self.settle()
        row = await self.house.row(
            "SELECT lower(hex(ref)) FROM entry JOIN standing ON standing.id = entry.standing_id "
            "WHERE customer = ? AND entry.seq = ?",
            bytes.fromhex(key_of(who).public), place,
        )  # fmt: skip
        return str(row[0])


def written(minor: int, currency: str) -> tuple[str, str]:
    """An amount as a till writes it."""
    decimals = {"EUR": 2, "USD": 2, "JPY": 0, "msat": 0}[currency]
    text = str(minor).rjust(decimals + 1, "0")
    return (f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text), currency


def many(quantity: Fraction) -> str:
    """A quantity of at most one decimal."""
    tenths = quantity * 10
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
