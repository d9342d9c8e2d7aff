"""The sentences that people read of orders and entries: the customer's notice, the entry's content, the monitor's line.

One function for each situation. Each speaks the program's language (`ServedProgram.spoken` makes it a person's own).
What answers a command or a question is `answering`'s and its neighbours'.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from kinds import errors as kinds_errors
from ledger.units import Money
from nostr_loyalty import catalogue
from nostr_loyalty.commands.vocabulary import VERB
from nostr_loyalty.intake import recognition
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.saying import NTH_VISIT, day, day_in_words, delta, money, say, say_nth, signed, up_to
from nostr_loyalty.rules.program import Reward, Tier
from nostr_loyalty.rules.refusal import CODES, Day, Points, Refusal, Verbs

__all__ = ["day", "delta", "money", "signed", "up_to"]

TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {code: text for code, text in kinds_errors.CODES.items() if code.startswith("order-")}
    | {code: text for code, text in recognition.CODES.items() if not code.startswith("message-")}
)
"""What order systems are told when the door says no."""


def earned(program: ServedProgram) -> str:
    """The content of an earned entry: says nothing of the order or the money (protocol §4 rule 4)."""
    return say(program, "Thank you for your visit to {title}.", title=program.title)


def revoked(program: ServedProgram, *, canceled: bool) -> str:
    """The content of a revoked entry after a refund or a cancellation."""
    if canceled:
        return say(program, "Points taken back: an order at {title} was canceled.", title=program.title)
    return say(program, "Points taken back: an order at {title} was refunded.", title=program.title)


def notice(program: ServedProgram, points: int, balance: int) -> str:
    """What the customer reads: "+12 points at Café Sol, balance 142"."""
    moved = delta(program, points)
    return say(program, "{points} at {title}, balance {balance}", points=moved, title=program.title, balance=balance)


def notice_of_deed(program: ServedProgram, points: int, balance: int, reason: str) -> str:
    """The same of points that an operator moved: "+100 points at Café Sol: for the birthday. Balance 100."."""
    if not reason:
        return notice(program, points, balance)
    why = reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."
    return say(
        program, "{points} at {title}: {reason} Balance {balance}.", points=delta(program, points),
        title=program.title, reason=why, balance=balance,
    )  # fmt: skip


def monitor_line(
    program: ServedProgram, points: int, balance: int, visits_month: int, tier: Tier | None = None,
    nearest: tuple[Reward, int] | None = None,
) -> str:  # fmt: skip
    """The order monitor's line: "Gold tier — 4th visit this month — 1 stamp to a free coffee; +1 stamp, balance 9"."""
    parts = [tier_name(program, tier)] if tier is not None else []
    if visits_month:
        parts.append(say_nth(program, NTH_VISIT, visits_month))
    if nearest is not None:
        reward, missing = nearest
        if missing:
            amount = program.amount_of(missing)
            parts.append(say(program, "{points} to {reward}", points=amount, reward=reward.title))
        else:
            parts.append(say(program, "enough for {reward}", reward=reward.title))
    line = say(program, "{points}, balance {balance}", points=delta(program, points), balance=balance)
    return f"{' — '.join(parts)}; {line}" if parts else line


def tier_name(program: ServedProgram, tier: Tier) -> str:
    """A tier as it is spoken of: "Gold tier"."""
    return say(program, "{tier} tier", tier=tier.title)


def pending(program: ServedProgram, points: int, line: str, until: int) -> str:
    """The monitor's line where the points come later."""
    return say(program, "{line}; {points} on {day}", line=line, points=delta(program, points), day=day(program, until))


def held(program: ServedProgram, points: int, line: str) -> str:
    """The monitor's line where an operator has to look first."""
    moved = delta(program, points)
    return say(program, "{line}; {points} when an operator has had a look", line=line, points=moved)


def tier_changed(
    program: ServedProgram, event: Literal["reached", "at_risk", "lost", "safe"], before: Tier | None,
    after: Tier | None, grace_until: int | None,
) -> str:  # fmt: skip
    """What the customer is told of the tier."""
    title = program.title
    was = before.title if before is not None else say(program, "Your tier")
    match event:
        case "reached":
            assert after is not None
            return say(program, "You have reached {tier} at {title}.", tier=after.title, title=title)
        case "at_risk" if grace_until is not None:
            return say(
                program, "{tier} at {title} ends after {day}, unless you come again in time.", tier=was, title=title,
                day=up_to(program, grace_until),
            )  # fmt: skip
        case "at_risk":
            return say(program, "{tier} at {title} ends, unless you come again in time.", tier=was, title=title)
        case "safe":
            return say(program, "{tier} at {title} is safe again.", tier=was, title=title)
        case "lost" if after is not None:
            return say(
                program, "{tier} at {title} has ended; now you are {now}.", tier=was, title=title, now=after.title
            )
        case "lost":
            return say(program, "{tier} at {title} has ended; come again to reach it anew.", tier=was, title=title)


def runs_out(program: ServedProgram, points: int, expires_at: int) -> str:
    """The warning before points expire."""
    return say(
        program, "{points} at {title} can be used up to {day}; then they run out.", points=program.amount_of(points),
        title=program.title, day=up_to(program, expires_at),
    )  # fmt: skip


def expired(program: ServedProgram) -> str:
    """The content of an expired entry."""
    return say(program, "Points at {title} have run out.", title=program.title)


def granted(program: ServedProgram, reason: str) -> str:
    """The content of a granted entry: the operator's reason, or a general one."""
    return reason or say(program, "A present from {title}.", title=program.title)


def revoked_by_hand(program: ServedProgram, reason: str) -> str:
    """The content of an entry by which an operator took points back."""
    return reason or say(program, "Taken back by {title}.", title=program.title)


def redeemed(program: ServedProgram, reward: Reward) -> str:
    """The content of a redeemed entry."""
    return say(program, "Redeemed at {title}: {reward}.", title=program.title, reward=reward.title)


def voucher_issued(program: ServedProgram, reward: Reward, code: str, hold_until: int) -> str:
    """What the customer reads with a voucher: the code is said once."""
    return say(
        program, "{reward}: show {code} at {title}, up to {day}.", reward=reward.title, code=code, title=program.title,
        day=up_to(program, hold_until),
    )  # fmt: skip


def given_back(program: ServedProgram, why: Literal["cancelled", "expired", "bill", "refunded"], title: str) -> str:
    """The content of an entry by which a voucher's points come back."""
    names = {"reward": title, "title": program.title}
    match why:
        case "cancelled":
            return say(program, "Points for {reward} at {title} given back: it was cancelled.", **names)
        case "expired":
            return say(program, "Points for {reward} at {title} given back: it was not used in time.", **names)
        case "bill":
            return say(program, "Points for {reward} at {title} given back: the bill was smaller.", **names)
        case "refunded":
            return say(program, "Points for {reward} at {title} given back: the order was refunded.", **names)


def relinked(program: ServedProgram) -> str:
    """The content of the entries by which points move to a new key."""
    return say(program, "Moved to a new key at {title}.", title=program.title)


def referred(program: ServedProgram) -> str:
    """The content of the entries for a friend who came."""
    return say(program, "Thank you for the recommendation of {title}.", title=program.title)


def feedback(program: ServedProgram) -> str:
    """The content of the entry for a word about an order."""
    return say(program, "Thank you for telling {title} how it was.", title=program.title)


def flagged(program: ServedProgram, customer: str, order: str, orders: int, *, held: bool) -> str:
    """What operators are told when the guard notices something."""
    values = {"title": program.title, "order": order, "count": orders, "customer": f"{customer[:8]}…"}
    if held:
        return say(
            program, "{title}: order {order} is number {count} today for {customer}: its points are held;"
            " release or drop it.", **values,
        )  # fmt: skip
    return say(
        program, "{title}: order {order} is number {count} today for {customer}: look whether that can be, then"
        " release it.", **values,
    )  # fmt: skip


def claimed(program: ServedProgram) -> str:
    """The content of the entry for a claimed receipt."""
    return say(program, "Thank you for your visit to {title}: receipt claimed.", title=program.title)


def claimable(program: ServedProgram, points: int, code: str) -> str:
    """The line for an order without a customer: the claim code goes on the receipt."""
    amount = program.amount_of(points)
    return say(program, "No customer named; claim code {code} is worth {points}", code=code, points=amount)


def claimable_before(program: ServedProgram, points: int) -> str:
    """The same order again: the code was given once and only its hash is kept."""
    return say(
        program, "the claim code that was given with the first report is worth {points}",
        points=program.amount_of(points),
    )  # fmt: skip


def claim_withdrawn(program: ServedProgram) -> str:
    """The line after a refund or a cancellation of an order that nobody has claimed."""
    return say(program, "Noted: what is left to claim at {title} was lowered", title=program.title)


def counted_before(line: str, program: ServedProgram | None = None, booked: Money | None = None) -> str:
    """The monitor's line for an order that was reported again; without a program in English, as the next two. `booked`:
    the amount that stays, if this time it was another.
    """
    if booked is not None:
        return _say(
            program, "Counted before with another amount, {amount}, which stays: {line}", amount=money(booked),
            line=line,
        )  # fmt: skip
    return _say(program, "Counted before: {line}", line=line)


def kept_for_later(reference: str, program: ServedProgram | None = None) -> str:
    """The line for a refund that came before its order."""
    return _say(
        program, "Order {order} is not known yet; the refund is kept and applied when the order comes", order=reference
    )


def rejected(reason: str, program: ServedProgram | None = None) -> str:
    """The line for an order that moved no points."""
    return _say(program, "Rejected: {reason}", reason=reason)


def refusal(program: ServedProgram, refused: Refusal) -> str:
    """A rule's no: the code's sentence and, in brackets, the detail."""
    return _with_detail(_text(program, CODES[refused.code]), detail(program, refused))


def detail(program: ServedProgram, refused: Refusal) -> str:
    """The detail alone: "You have 80 of 100 points"; "" where the refusal has none."""
    if not refused.template:
        return refused.detail
    return _text(program, refused.template).format(**{name: _told(program, value) for name, value in refused.values})


def _told(program: ServedProgram, value: int | str) -> int | str:
    """A value of a detail in the program's words."""
    if isinstance(value, Points):
        return program.amount_of(int(value))
    if isinstance(value, Day):
        return day_in_words(program, int(value))
    if isinstance(value, Verbs):
        return ", ".join(catalogue.words(program.language, VERB, verb)[0] for verb in value.split(", "))
    return value


def rejection(program: ServedProgram | None, code: str, detail: str) -> str:
    """The door's no to an order system, as `recognition.Rejection` has it: the code's sentence and the detail."""
    return _with_detail(_text(program, TOLD[code]), detail)


def _with_detail(sentence: str, detail: str) -> str:
    return f"{sentence} ({detail})" if detail else sentence


def _text(program: ServedProgram | None, message: str) -> str:
    return catalogue.text(program.language if program is not None else catalogue.SOURCE, message)


def _say(program: ServedProgram | None, message: str, **values: str) -> str:
    return _text(program, message).format(**values)
