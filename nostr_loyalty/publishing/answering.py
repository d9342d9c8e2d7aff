"""What is answered to questions. Pure; each function speaks the program's language.

What is said after a choice or a command is `acknowledging`'s, to somebody who did not find the words `helping`'s, the
welcome `welcoming`'s; all can be had from here.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kinds.attestation import ClaimType
from kinds.event import rumor_from_canonical
from ledger.book import Standing
from ledger.entry import Entry
from ledger.units import Money
from ledger.vouchers import Voucher
from nostr_loyalty.commands.questions import Prove, ReportPeriod
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.publishing.acknowledging import (
    badge_chosen,
    confirmed_before,
    forgetting,
    forgotten,
    language_chosen,
    no_card,
    no_such_language,
    nothing_to_confirm,
    notices_chosen,
    outcome,
    paused,
    please_confirm,
    resumed,
    sharing_chosen,
    sharing_chosen_early,
    too_late,
    waits_for_owner,
)  # fmt: skip
from nostr_loyalty.publishing.helping import bounded, help_text, misread, nobody, which_program
from nostr_loyalty.publishing.saying import day, delta, key_shown, money, say, say_number, up_to
from nostr_loyalty.publishing.welcoming import welcome
from nostr_loyalty.rules.program import Reward
from nostr_loyalty.rules.refusal import Refusal

__all__ = [
    "badge_chosen", "confirmed_before", "forgetting", "forgotten", "help_text", "language_chosen", "misread", "no_card",
    "no_such_language", "nobody", "nothing_to_confirm", "notices_chosen", "outcome", "paused",
    "please_confirm", "resumed", "sharing_chosen", "sharing_chosen_early", "too_late", "waits_for_owner", "welcome",
    "which_program",
]  # fmt: skip


class RewardLine(NamedTuple):
    """A reward, and why the asker cannot have it now (None: it can be had)."""

    reward: Reward
    refused: Refusal | None


class Sums(NamedTuple):
    """What a report tells of a span of time: points as entries moved them, with their signs, and how many of what."""

    earned: int
    granted: int
    redeemed: int
    expired: int
    revoked: int
    entries: int
    customers: int
    orders: int


def balance(
    program: ServedProgram, standing: Standing, *, pending: int, steps: tuple[int, int, str] | None,
    vouchers: Sequence[Voucher],
) -> str:  # fmt: skip
    """A customer's points, tier and codes. `pending`: points that come later; `steps`: (reached, needed, next tier)."""
    points = program.amount_of(standing.balance)
    lines = [say(program, "Balance at {title}: {points}.", title=program.title, points=points)]
    tier = program.rules.tier(standing.tier)
    if tier is not None:
        lines.append(wording.tier_name(program, tier))
    if steps is not None:
        lines.append(_steps(program, *steps))
    if pending:
        lines.append(say(program, "{points} more come later.", points=program.amount_of(pending)))
    if standing.next_expiry_at is not None:
        points = program.amount_of(standing.next_expiry_points)
        until = up_to(program, standing.next_expiry_at)
        lines.append(say(program, "{points} of them can be used up to {day}.", points=points, day=until))
    lines += [
        say(program, "Ready to be used: {reward}, up to {day}.", reward=one.title, day=up_to(program, one.hold_until))
        for one in vouchers
    ]
    if standing.frozen:
        lines.append(say(program, "This card is frozen; ask the venue."))
    return bounded(program, lines)


def _steps(program: ServedProgram, reached: int, needed: int, next_tier: str) -> str:
    tier = program.rules.tier(next_tier)
    title = tier.title if tier is not None else next_tier
    missing = max(0, needed - reached)
    match program.rules.tier_basis.basis:
        case "visits":
            return say_number(program, "{n} visit more to {tier}", "{n} visits more to {tier}", missing, tier=title)
        case "spend" if program.rules.counted_currency is not None:
            amount = money(Money(missing, program.rules.counted_currency))
            return say(program, "{amount} more to {tier}", amount=amount, tier=title)
        case _:
            return say(program, "{amount} more to {tier}", amount=program.amount_of(missing), tier=title)


def history(program: ServedProgram, entries: Sequence[Entry]) -> str:
    """The entries, the newest first, as far as a message holds them."""
    if not entries:
        return say(program, "Nothing has happened yet at {title}.", title=program.title)
    lines = [
        say(
            program, "{day}: {points}, balance {balance}. {what}", day=day(program, one.recorded_at),
            points=delta(program, one.points), balance=one.balance, what=rumor_from_canonical(one.document).content,
        )
        for one in sorted(entries, key=lambda one: one.seq, reverse=True)
    ]  # fmt: skip
    return bounded(program, [say(program, "The last entries at {title}:", title=program.title), *lines])


def receipts(program: ServedProgram, first: int, last: int) -> str:
    """Beside the signed entries that a guest's app keeps."""
    if first == last:
        return say(program, "Your signed receipt {first} of {title}, for your app.", first=first, title=program.title)
    return say(
        program, "Your signed receipts {first} to {last} of {title}, for your app.", first=first, last=last,
        title=program.title,
    )  # fmt: skip


def rewards(program: ServedProgram, rows: Sequence[RewardLine], spendable: int) -> str:
    """What points buy, and what is missing for it."""
    if not rows:
        return say(program, "{title} has no rewards at the moment.", title=program.title)
    points = program.amount_of(spendable)
    lines = [say(program, "Rewards at {title}; you can spend {points}:", title=program.title, points=points)]
    return bounded(program, lines + [f"• {_reward(program, *row)}" for row in rows])


def _reward(program: ServedProgram, reward: Reward, refused: Refusal | None) -> str:
    points = program.amount_of(reward.cost)
    if refused is None:
        return say(
            program, "{reward}, {points}: yours with “redeem {id}”", reward=reward.title, points=points, id=reward.id
        )
    why = wording.detail(program, refused) if refused.code == "points-missing" else wording.refusal(program, refused)
    return say(program, "{reward}, {points}: {why}", reward=reward.title, points=points, why=why)


def report(program: ServedProgram, period: ReportPeriod, sums: Sums) -> str:
    """A day, a week or a month of a program."""
    orders = say_number(program, "{n} order", "{n} orders", sums.orders)
    guests = say_number(program, "{n} guest", "{n} guests", sums.customers)
    return "\n".join([
        _heading(program, period),
        say(program, "points moved: {guests}, {orders}", guests=guests, orders=orders),
        say(program, "earned: {points}", points=delta(program, sums.earned)),
        say(program, "granted: {points}", points=delta(program, sums.granted)),
        say(program, "redeemed: {points}", points=delta(program, sums.redeemed)),
        say(program, "taken back: {points}", points=delta(program, sums.revoked)),
        say(program, "expired: {points}", points=delta(program, sums.expired)),
    ])  # fmt: skip


def _heading(program: ServedProgram, period: ReportPeriod) -> str:
    match period:
        case "today":
            return say(program, "{title}, today:", title=program.title)
        case "week":
            return say(program, "{title}, this week:", title=program.title)
        case "month":
            return say(program, "{title}, this month:", title=program.title)


def no_proof_yet(program: ServedProgram) -> str:
    """Said as long as no total is published."""
    return say(program, "{title} does not publish its total yet, so there is no proof to give.", title=program.title)


def proven(program: ServedProgram, asked: Prove, value: str) -> str:
    """With an attestation: what it says, for whom, how long. `value`: what is attested, as the attestation has it."""
    return say(
        program, "Here is the statement for {audience}: {claim} It is good for a day and for nobody else; hand it on.",
        audience=key_shown(asked.audience), claim=_claim(program, asked, value),
    )  # fmt: skip


def not_so(program: ServedProgram, asked: Prove) -> str:
    """Instead of an attestation that would not be true."""
    return say(program, "This is not so, and cannot be attested: {claim}", claim=_claim(program, asked, asked.value))


def not_provable(program: ServedProgram, what: str) -> str:
    """Instead of an attestation that nobody could read; `what` is wrong with it."""
    return say(program, "This cannot be attested: {what}", what=what)


def _claim(program: ServedProgram, asked: Prove, value: str) -> str:
    claim: ClaimType = asked.claim
    match claim:
        case "tier":
            tier = program.rules.tier(value)
            return say(program, "you hold the tier {tier} or a higher one.", tier=value if tier is None else tier.title)
        case "points_at_least" if asked.window is not None:
            points, window = program.amount_of(int(value)), _window(program, asked.window)
            return say(program, "you earned {points} or more in {window}.", points=points, window=window)
        case "points_at_least":
            return say(program, "you have {points} or more.", points=program.amount_of(int(value)))
        case "visits_at_least" if asked.window is not None:
            return say_number(
                program, "you came {n} time or more in {window}.", "you came {n} times or more in {window}.",
                int(value), window=_window(program, asked.window),
            )  # fmt: skip
        case "visits_at_least":
            return say_number(program, "you came {n} time or more.", "you came {n} times or more.", int(value))
        case "member_since":
            return say(program, "you have had your card since {day}.", day=day(program, int(value)))


def _window(program: ServedProgram, window: str) -> str:
    """A span of time such as "90d" in words."""
    number = int(window[:-1])
    if window.endswith("w"):
        return say_number(program, "{n} week", "{n} weeks", number)
    return say_number(program, "{n} day", "{n} days", number)
