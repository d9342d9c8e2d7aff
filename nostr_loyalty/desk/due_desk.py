"""What becomes due without anybody asking: points that run out, orders and referrals that ripen, vouchers that nobody
used, tiers to look at, warnings. Each is decided on its own, from facts that `gathering_due` has read.
"""

from collections import Counter
from collections.abc import Mapping

from ledger.lot import Lot
from ledger.orders import OrderRow
from ledger.referrals import Referral
from ledger.vouchers import Voucher
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.lot_moves import bonus, book_pending, write_off
from nostr_loyalty.desk.voucher_moves import give_back
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording


class DueDesk:
    """Does what is due; `done` counts it by name."""

    def __init__(self, copy: WorkingCopy, programs: Mapping[int, ServedProgram]) -> None:
        """`programs`: those that are served, by their ledger id; what belongs to others is left alone."""
        self._copy = copy
        self._programs = programs
        self.done: Counter[str] = Counter()

    def expire(self, standing_id: int) -> None:
        """Write off every lot of this customer whose time has passed (Bug 32, 54)."""
        standing = self._copy.facts.standings[standing_id]
        program = self._programs[standing.program_id]
        before = len(self._copy.slip.entries)
        write_off(self._copy, program, standing)
        self.done["expired"] += len(self._copy.slip.entries) - before

    def ripen(self, row: OrderRow) -> None:
        """Book an order's pending points."""
        program = self._programs[row.program_id]
        book_pending(self._copy, program, row, wording.earned)
        self.done["vested"] += 1

    def end_hold(self, voucher: Voucher) -> None:
        """Give back the points of a voucher that was not used in time (Bug 24)."""
        program = self._programs[voucher.program_id]
        give_back(self._copy, program, voucher, "expired", author=program.issuer, reference=f"{voucher.hash}:expired")
        self.done["vouchers"] += 1

    def reward_referral(self, referral: Referral) -> None:
        """The friend's first order has stood long enough: both get their points, unless they are one by now."""
        copy, program = self._copy, self._programs[referral.program_id]
        rule = program.rules.referral
        if copy.followed(referral.referrer_id).id == copy.followed(referral.friend_id).id:
            rule = None
        entries: list[int | None] = [None, None]
        for place, (standing_id, points) in enumerate((
            (referral.referrer_id, rule.referrer_points if rule else 0), (referral.friend_id, rule.friend_points if
            rule else 0),
        )):  # fmt: skip
            if points:
                who = ("referrer", "friend")[place]
                entry = bonus(
                    copy, program, copy.followed(standing_id), points, text=wording.referred,
                    author=program.issuer, reference=f"referral:{referral.id}:{referral.order_id}:{who}",
                    adapter="daemon",
                )  # fmt: skip
                entries[place] = entry.id
        copy.put_referral(referral._replace(
            status="paid", referrer_entry=entries[0], friend_entry=entries[1], vest_at=None
        ))  # fmt: skip
        self.done["referrals"] += 1

    def review(self, standing_id: int) -> None:
        """Look at a customer's tier: a window has moved on, or a grace has ended."""
        standing = self._copy.facts.standings[standing_id]
        program = self._programs[standing.program_id]
        after = tier_desk.reviewed(self._copy, program, standing)
        if after.review_at is not None and after.review_at <= self._copy.now:
            # Without a grace the next step down is due at once; it is taken in the next pass.
            self.done["tiers-again"] += 1
        self.done["tiers"] += 1

    def warn(self, standing_id: int, lots: list[Lot]) -> None:
        """Tell a customer which points run out next, once for each lot; all dates, not only the first (Bug 34)."""
        standing = self._copy.facts.standings[standing_id]
        program = self._programs[standing.program_id]
        ends: dict[int, int] = {}
        for lot in lots:
            assert lot.expires_at is not None, "only lots that end are warned of"
            ends[lot.expires_at] = ends.get(lot.expires_at, 0) + lot.remaining
        for expires_at, points in sorted(ends.items()):
            text = wording.runs_out(program.spoken(standing.language), points, expires_at)
            self._copy.notify(program, standing, text, important=True)
        self._copy.slip.warned.extend(lot.entry_id for lot in lots)
        self.done["warned"] += 1
