"""Other rules on what happened: the daemon's own desks decide once more, in memory, and nothing is written. Pure.

Replayed are orders, refunds, claims, words about orders, friends who were brought, and keys that were replaced; tiers
are looked at and friends rewarded when that is due, as by a daemon that never slept. What points did afterwards
(redemptions, expiry, grants by hand) changes nothing of what is earned and is left out. Orders that were refused on
their day were never recorded.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from kinds import registry
from kinds.event import Rumor
from kinds.order import Amount, PaidOrder
from ledger.book import Standing
from ledger.entry import Entry, NewEntry
from ledger.orders import OrderName, OrderRow
from ledger.recorded import Brought, PaidBack, Replaced, Said
from ledger.units import Money, format_money
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.commands.command import Claim, Feedback, Refer, Relink, Request
from nostr_loyalty.desk import guest_desk, relink_desk, tier_desk
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.due_desk import DueDesk
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.desk.order_desk import OrderDesk
from nostr_loyalty.desk.refund_desk import RefundDesk
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import Message, OrderMessage, recorded_facts
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.reports.events import ClaimedOrder, Event, Ordered
from nostr_loyalty.reports.trial import NOBODY, new_standing
from nostr_loyalty.rules.refusal import Refusal

C = TypeVar("C", Claim, Feedback, Refer, Relink)

_BY_HAND: Final = ("drop", "revoke-entry")
"""Commands that took an order's points without any money."""
_TALLIES_MAX: Final = 64
"""Tallies of one customer before those of the same day and source are added up."""


class Replay:
    """One program under other rules. `take` every event in order, then `finish`; the figures stand in the attributes.

    `points`: earned on or after the first day that counts, less what was taken back of them; `unclaimed`: on receipts
    of those days that nobody has claimed; `refused`: orders that the rules do not take, by code.
    """

    def __init__(self, program: ServedProgram, since_day: int) -> None:
        """`program`: with the other rules, which are taken as active. What becomes of points later is switched off."""
        rules = replace(program.rules, status="active", deficit="allow", ttl_days=None)
        self._program = replace(program, rules=rules)
        self._since_day = since_day
        self._facts = Facts(next_voucher_id=1, next_action_id=1, next_referral_id=1)
        self._looks_back = _looks_back(self._program)
        self._due: list[tuple[int, int, int]] = []
        self._names: dict[int, OrderName] = {}
        self._codes: dict[int, str] = {}
        self._open: dict[int, int] = {}
        self._friends: Counter[str] = Counter()
        self._now = self._rolled = 0
        self.points = 0
        self.unclaimed = 0
        self.orders = 0
        self.refused: Counter[str] = Counter()

    def take(self, event: Event, *, returns: bool) -> None:
        """Let an event happen, and before it all that was due. `returns`: the order will be named again later."""
        self._now = max(self._now, event.at)
        self._pass_time(self._now)
        copy = WorkingCopy(self._facts, self._now, self._dice)
        match event.what:
            case Ordered():
                self._order(copy, event.what, returns=returns)
            case PaidBack():
                self._refund(copy, event.what)
            case ClaimedOrder(row=row, customer=customer):
                code = self._codes.pop(row.id, None)
                if code is not None:
                    self._ask(copy, guest_desk.claim, customer, Claim(code))
            case Replaced(old=old, new=new):
                self._standing(new)
                self._standing(old)
                self._ask(copy, relink_desk.relink, self._program.issuer, Relink(old, new))
            case Said(order_id=order_id, reference=reference, customer=customer):
                if order_id in self._names:
                    self._ask(copy, guest_desk.feedback, customer, Feedback("said", reference))
            case Brought():
                self._brought(copy, event.what)
        self._settle(copy, keep=returns)

    def finish(self, now: int) -> Counter[str | None]:
        """Let time pass until now; customers by the tier that they have then (a key that was given up is none)."""
        self._pass_time(max(self._now, now))
        return Counter(one.tier for one in self._facts.standings.values() if one.relinked_to is None)

    # -- what happens -------------------------------------------------------------------------------------------------

    def _order(self, copy: WorkingCopy, ordered: Ordered, *, returns: bool) -> None:
        row, program = ordered.row, self._program
        customer = None if ordered.claimable else ordered.customer
        if customer is not None:
            self._standing(customer)
        decimal, unit = format_money(Money(row.amount_minor, row.currency))
        order = PaidOrder(
            order_id=row.reference, program=program.address, issuer=program.issuer, source=row.source,
            customer=customer, status="paid", amount=Amount(decimal, unit), paid_at=row.paid_at,
        )  # fmt: skip
        rumor = Rumor(row.message_ref, row.source, copy.now, registry.PAID_ORDER, (), "")
        message = OrderMessage(
            Message(row.message_ref, row.source, copy.now, rumor), program, order,
            recorded_facts(row.amount_minor, row.currency, row.paid_at, row.detail), row.detail,
        )  # fmt: skip
        self._facts.next_order_id = row.id
        reply = OrderDesk(copy).take(message)
        if reply.result == "rejected":
            self.refused[reply.reason or ""] += row.day >= self._since_day
            return
        self.orders += row.day >= self._since_day
        if returns:
            self._names[row.id] = (program.ledger_id, row.source, row.reference)
        if reply.claim is not None and ordered.customer is not None:
            self._codes[row.id] = reply.claim

    def _refund(self, copy: WorkingCopy, refund: PaidBack) -> None:
        name = self._names.get(refund.order_id)
        row = self._facts.orders.get(name) if name is not None else None
        if row is None:
            return
        if refund.verb in _BY_HAND:
            self._forgo(copy, row, reviews=refund.verb != "drop")
            return
        canceled = refund.verb is None and refund.reference == f"{row.reference}:canceled"
        RefundDesk(copy).take_back(self._program, row, WaitingRefund(
            program_id=row.program_id, source=refund.source, order_reference=row.reference, reference=refund.reference,
            canceled=canceled, currency=row.currency, amount_minor=refund.amount_minor, message_ref=refund.message_ref,
            recorded_at=copy.now,
        ))  # fmt: skip

    def _forgo(self, copy: WorkingCopy, row: OrderRow, *, reviews: bool) -> None:
        """An operator took all that the order still held; the visit stays."""
        due = row.earned - row.reversed
        copy.put_order(row._replace(reversed=row.earned))
        if row.standing_id is not None:
            standing = copy.count(copy.followed(row.standing_id), row.day, row.source, points=-due)
            standing = copy.put_standing(self._program, standing)
            if reviews:
                tier_desk.reviewed(copy, self._program, standing)

    def _brought(self, copy: WorkingCopy, brought: Brought) -> None:
        self._standing(brought.referrer)
        self._standing(brought.friend)
        self._facts.next_referral_id = brought.id
        self._facts.referred_so_far = self._friends[brought.referrer]
        refused = self._ask(copy, guest_desk.refer, brought.referrer, Refer(brought.friend))
        self._friends[brought.referrer] += not refused

    # -- time ---------------------------------------------------------------------------------------------------------

    def _pass_time(self, until: int) -> None:
        """Look at tiers, and reward referrers, whenever that was due."""
        while self._due and self._due[0][0] <= until:
            at, standing_id, referral_id = heapq.heappop(self._due)
            copy = WorkingCopy(self._facts, at, self._dice)
            referral = self._facts.referrals.get(referral_id)
            if referral is not None and referral.status == "vesting" and referral.vest_at == at:
                DueDesk(copy, {self._program.ledger_id: self._program}).reward_referral(referral)
            standing = self._facts.standings.get(standing_id)
            if standing is not None and standing.review_at == at:
                tier_desk.reviewed(copy, self._program, standing)
            self._settle(copy, keep=False)

    def _settle(self, copy: WorkingCopy, *, keep: bool) -> None:
        """Count what the step led to, and forget what nothing looks at later: most orders; all entries and lots but
        those of bonuses, which a whole refund takes back.
        """
        facts, slip = self._facts, copy.slip
        self.points += sum(one.points for one in slip.tallies.values() if one.day >= self._since_day)
        for row in (*slip.new_orders.values(), *slip.changed_orders.values()):
            self._count_open(row)
            name = (row.program_id, row.source, row.reference)
            if keep or row.id in slip.changed_orders:
                facts.orders[name] = row._replace(entry_id=None)
            else:
                del facts.orders[name]
        bonuses = {one.entry_id for one in slip.feedback}
        for _, referral in slip.referrals.values():
            bonuses |= {referral.referrer_entry, referral.friend_entry}
            if referral.vest_at is not None:
                heapq.heappush(self._due, (referral.vest_at, 0, referral.id))
        for entry in slip.entries:
            if entry.id in bonuses:
                facts.bonuses[entry.id] = _booked(entry)
            else:
                facts.entry_refs.pop(entry.id, None)
        for standing in slip.standings.values():
            if standing.review_at is not None:
                heapq.heappush(self._due, (standing.review_at, standing.id, 0))
            facts.lots[standing.id] = [lot for lot in facts.lots.get(standing.id, ()) if lot.entry_id in facts.bonuses]
            self._add_up(standing.id)
        facts.refunded.clear()

    def _count_open(self, row: OrderRow) -> None:
        """The points of receipts that nobody has claimed, as they come, are taken back, are claimed."""
        points = row.earned - row.reversed if row.standing_id is None and row.day >= self._since_day else 0
        self.unclaimed += points - self._open.pop(row.id, 0)
        if points:
            self._open[row.id] = points

    def _add_up(self, standing_id: int) -> None:
        tallies = self._facts.tallies.get(standing_id, [])
        if len(tallies) <= _TALLIES_MAX:
            return
        sums: dict[tuple[int, str], list[int]] = {}
        for one in tallies:
            so_far = sums.setdefault((one.day, one.source), [0, 0, 0, 0])
            sums[one.day, one.source] = [mine + its for mine, its in zip(so_far, one[3:], strict=True)]
        first = tallies[0]
        self._facts.tallies[standing_id] = [
            type(first)(standing_id, day, source, *each) for (day, source), each in sorted(sums.items())
        ]

    # -- makings ------------------------------------------------------------------------------------------------------

    def _standing(self, customer: str) -> Standing:
        facts, pair = self._facts, (self._program.ledger_id, customer)
        found = facts.standing_ids.get(pair)
        if found is None:
            found = facts.standing_ids[pair] = len(facts.standings) + 1
            facts.standings[found] = new_standing(*pair, found)
            if self._looks_back:
                facts.tallies[found] = []
        return facts.standings[found]

    def _ask(
        self, copy: WorkingCopy, desk: Callable[[WorkingCopy, Request, C], Deed | Refusal], who: str, command: C
    ) -> bool:
        """Let a desk decide on a command; whether it says no."""
        self._standing(who)
        request = Request(f"{self._roll():064x}", copy.now, who, "operator", "cli", self._program, command)
        return isinstance(desk(copy, request, command), Refusal)

    def _dice(self, count: int) -> bytes:
        """Never the same twice: what is made of it stays in memory."""
        return self._roll().to_bytes(count, "big")

    def _roll(self) -> int:
        self._rolled += 1
        return self._rolled


def _looks_back(program: ServedProgram) -> bool:
    """Whether the rules look at what a customer did on single days."""
    rules = program.rules
    guarded = rules.guard.customer_orders is not None or rules.guard.source_orders is not None
    return bool(rules.caps or guarded or (rules.tiers and rules.tier_basis.window_days is not None))


def _booked(new: NewEntry) -> Entry:
    return Entry(
        new.id, new.program_id, new.standing_id, NOBODY, new.seq, new.type, new.points, new.balance, new.ref, None,
        new.document, new.key, new.revision_id, new.order_id, new.reverses, new.occurred_at, new.recorded_at,
        new.expires_at,
    )  # fmt: skip
