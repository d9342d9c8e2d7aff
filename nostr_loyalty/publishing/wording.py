"""The sentences that people read: the customer's notice, the entry's content, the order monitor's line.

One function per situation, so that a translation has one place to go.
"""

from datetime import datetime
from typing import Literal

from ledger.units import Money, format_money
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.program import Reward, Tier
from nostr_loyalty.rules.visiting import ordinal


def signed(points: int) -> str:
    """A delta with its sign: "+12", "-100"."""
    return f"{points:+d}"


def delta(program: ServedProgram, points: int) -> str:
    """A delta in the program's own words: "+12 points", "-1 stamp"."""
    return f"{'+' if points > 0 else ''}{program.amount_of(points)}"


def earned(program: ServedProgram) -> str:
    """The content of an earned entry: says nothing of the order or the money (protocol §4 rule 4)."""
    return f"Thank you for your visit to {program.title}."


def revoked(program: ServedProgram, *, canceled: bool) -> str:
    """The content of a revoked entry after a refund or a cancellation."""
    return f"Points taken back: an order at {program.title} was {'canceled' if canceled else 'refunded'}."


def notice(program: ServedProgram, points: int, balance: int) -> str:
    """What the customer reads: "+12 points at Café Sol, balance 142"."""
    return f"{delta(program, points)} at {program.title}, balance {balance}"


def monitor_line(
    program: ServedProgram, points: int, balance: int, visits_month: int, tier: Tier | None = None,
    nearest: tuple[Reward, int] | None = None,
) -> str:  # fmt: skip
    """The order monitor's line: "Gold tier — 4th visit this month — 1 stamp to a free coffee; +1 stamp, balance 9"."""
    parts = [f"{tier.title} tier"] if tier is not None else []
    if visits_month:
        parts.append(f"{ordinal(visits_month)} visit this month")
    if nearest is not None:
        reward, missing = nearest
        parts.append(f"{program.amount_of(missing)} to {reward.title}" if missing else f"enough for {reward.title}")
    line = f"{delta(program, points)}, balance {balance}"
    return f"{' — '.join(parts)}; {line}" if parts else line


def pending(program: ServedProgram, points: int, line: str, until: int) -> str:
    """The monitor's line where the points come later."""
    return f"{line}; {delta(program, points)} on {day(program, until)}"


def held(program: ServedProgram, points: int, line: str) -> str:
    """The monitor's line where an operator has to look first."""
    return f"{line}; {delta(program, points)} when an operator has had a look"


def day(program: ServedProgram, unix: int) -> str:
    """A local date: "3 March 2027"."""
    local = datetime.fromtimestamp(unix, program.rules.tz)
    return f"{local.day} {local:%B %Y}"


def last_day(program: ServedProgram, unix: int) -> str:
    """The last local date before a moment: points that run out at midnight live to the end of this day."""
    return day(program, unix - 1)


def money(amount: Money) -> str:
    """ "8.50 EUR"."""
    return " ".join(format_money(amount))


def tier_changed(
    program: ServedProgram, event: Literal["reached", "at_risk", "lost", "safe"], before: Tier | None,
    after: Tier | None, grace_until: int | None,
) -> str:  # fmt: skip
    """What the customer is told of the tier."""
    was = before.title if before is not None else "your tier"
    match event:
        case "reached":
            assert after is not None
            return f"You have reached {after.title} at {program.title}."
        case "at_risk":
            until = f" after {last_day(program, grace_until)}" if grace_until is not None else ""
            return f"{was} at {program.title} ends{until}, unless you come again in time."
        case "safe":
            return f"{was} at {program.title} is safe again."
        case "lost":
            now = f"now you are {after.title}" if after is not None else "come again to reach it anew"
            return f"{was} at {program.title} has ended; {now}."


def runs_out(program: ServedProgram, points: int, expires_at: int) -> str:
    """The warning before points expire."""
    end = last_day(program, expires_at)
    return f"{program.amount_of(points)} at {program.title} can be used up to {end}; then they run out."


def expired(program: ServedProgram) -> str:
    """The content of an expired entry."""
    return f"Points at {program.title} have run out."


def granted(program: ServedProgram, reason: str) -> str:
    """The content of a granted entry: the operator's reason, or a general one."""
    return reason or f"A present from {program.title}."


def revoked_by_hand(program: ServedProgram, reason: str) -> str:
    """The content of an entry by which an operator took points back."""
    return reason or f"Taken back by {program.title}."


def redeemed(program: ServedProgram, reward: Reward) -> str:
    """The content of a redeemed entry."""
    return f"Redeemed at {program.title}: {reward.title}."


def voucher_issued(program: ServedProgram, reward: Reward, code: str, hold_until: int) -> str:
    """What the customer reads with a voucher: the code is said once."""
    return f"{reward.title}: show {code} at {program.title}, up to {last_day(program, hold_until)}."


def given_back(program: ServedProgram, why: Literal["cancelled", "expired", "bill", "refunded"], title: str) -> str:
    """The content of an entry by which a voucher's points come back."""
    reason = {
        "cancelled": "it was cancelled", "expired": "it was not used in time", "bill": "the bill was smaller",
        "refunded": "the order was refunded",
    }[why]  # fmt: skip
    return f"Points for {title} at {program.title} given back: {reason}."


def relinked(program: ServedProgram) -> str:
    """The content of the entries by which points move to a new key."""
    return f"Moved to a new key at {program.title}."


def referred(program: ServedProgram) -> str:
    """The content of the entries for a friend who came."""
    return f"Thank you for the recommendation of {program.title}."


def feedback(program: ServedProgram) -> str:
    """The content of the entry for a word about an order."""
    return f"Thank you for telling {program.title} how it was."


def flagged(program: ServedProgram, customer: str, order: str, orders: int, *, held: bool) -> str:
    """What operators are told when the guard notices something."""
    what = "its points are held; release or drop it" if held else "look whether that can be"
    return f"{program.title}: order {order} is number {orders} today for {customer[:8]}…: {what}."


def counted_before(line: str) -> str:
    """The monitor's line for an order that was reported again."""
    return f"Counted before: {line}"


def claimed(program: ServedProgram) -> str:
    """The content of the entry for a claimed receipt."""
    return f"Thank you for your visit to {program.title}: receipt claimed."


def claimable(program: ServedProgram, points: int, code: str) -> str:
    """The line for an order without a customer: the claim code goes on the receipt."""
    return f"No customer named; claim code {code} is worth {program.amount_of(points)}"


def claimable_before(program: ServedProgram, points: int) -> str:
    """The same order again: the code was given once and only its hash is kept."""
    return f"Counted before: the claim code that was given with the first report is worth {program.amount_of(points)}"


def claim_withdrawn(program: ServedProgram) -> str:
    """The line after a refund or a cancellation of an order that nobody has claimed."""
    return f"Noted: what is left to claim at {program.title} was lowered"


def kept_for_later(reference: str) -> str:
    """The line for a refund that came before its order."""
    return f"Order {reference} is not known yet; the refund is kept and applied when the order comes"


def rejected(reason: str) -> str:
    """The line for an order that moved no points."""
    return f"Rejected: {reason}"
