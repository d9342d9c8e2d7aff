"""The welcome at a first contact: the program's rules in a few lines, for people. Pure.

The definition (`describing`) says the same for programs, and is what counts.
"""

import re
from typing import Final

from ledger.units import Money
from nostr_loyalty import catalogue
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.describing import decimal_text
from nostr_loyalty.publishing.helping import bounded
from nostr_loyalty.publishing.saying import money, say, say_number
from nostr_loyalty.rules.program import Cost, Multiplier

REWARDS_SHOWN: Final = 8
PAYMENT: Final = "payment"
"""The catalogue's context of the ways to pay."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY: Final = re.compile(rf"\b({'|'.join(WEEKDAYS)})\b")


def welcome(program: ServedProgram) -> str:
    """Who is speaking here, how points are earned, what they buy, and how long they live."""
    return bounded(program, [
        say(program, "Welcome to the loyalty program of {title}! Your key is your card.", title=program.title),
        *_earning(program), *_times(program), *_tiers(program), *_rewards(program), *_life(program), *_seen(program),
        say(program, "“help” tells what you can write."),
    ])  # fmt: skip


def _seen(program: ServedProgram) -> list[str]:
    """How to be seen by nobody else, and that this is for good, where a program shows everything."""
    if program.visibility == "private":
        return []
    return [say(
        program, "Everybody can see your points here. “share private” changes that; what was public until then cannot"
        " be shown again.",
    )]  # fmt: skip


def _earning(program: ServedProgram) -> list[str]:
    rules = program.rules
    lines = [
        say(
            program, "{points} for every {amount}", points=program.amount_of(rule.points),
            amount=_money(Cost(rule.per_minor, rule.currency)),
        )
        for rule in rules.spend
    ]  # fmt: skip
    if rules.visit is not None:
        points, minimum = program.amount_of(rules.visit.points), rules.visit.minimum
        if minimum is None:
            lines.append(say(program, "{points} for every visit", points=points))
        else:
            lines.append(say(program, "{points} for every visit from {amount}", points=points, amount=_money(minimum)))
    lines += [
        say(program, "{points} for every {item}", points=program.amount_of(rule.points), item=rule.item)
        for rule in rules.items
    ]
    lines += [
        say(
            program, "{points} more when you pay by {method}", points=program.amount_of(rule.points),
            method=catalogue.text_of(program.language, PAYMENT, rule.method),
        )
        for rule in rules.payments
    ]  # fmt: skip
    if rules.welcome:
        lines.append(say(program, "{points} more with your first order", points=program.amount_of(rules.welcome)))
    if rules.feedback:
        lines.append(say(program, "{points} for a word about an order", points=program.amount_of(rules.feedback)))
    if rules.referral is not None:
        yours, theirs = (
            program.amount_of(each) for each in (rules.referral.referrer_points, rules.referral.friend_points)
        )
        lines.append(say(program, "{points} for bringing a friend, who gets {theirs}", points=yours, theirs=theirs))
    return [f"• {line}" for line in lines]


def _times(program: ServedProgram) -> list[str]:
    return [f"• {_time(program, each)}" for each in program.rules.multipliers]


def _time(program: ServedProgram, multiplier: Multiplier) -> str:
    when = _WEEKDAY.sub(
        lambda found: catalogue.weekday_text(program.language, WEEKDAYS.index(found[1])), multiplier.schedule.text
    )
    factor = decimal_text(multiplier.factor)
    return say(program, "{name}: points count {factor} times, {when}", name=multiplier.name, factor=factor, when=when)


def _tiers(program: ServedProgram) -> list[str]:
    titles = ", ".join(tier.title for tier in program.rules.tiers)
    return [say(program, "Tiers: {tiers}", tiers=titles)] if titles else []


def _rewards(program: ServedProgram) -> list[str]:
    rewards = program.rules.rewards
    lines = [
        say(program, "{points}: {reward}", points=program.amount_of(reward.cost), reward=reward.title)
        for reward in rewards[:REWARDS_SHOWN]
    ]
    if len(rewards) > REWARDS_SHOWN:
        lines.append(say(program, "… and {count} more", count=len(rewards) - REWARDS_SHOWN))
    return [say(program, "Rewards:"), *(f"• {line}" for line in lines)] if lines else []


def _life(program: ServedProgram) -> list[str]:
    days = program.rules.ttl_days
    if days is None:
        return []
    return [say_number(program, "Points can be used for {n} day.", "Points can be used for {n} days.", days)]


def _money(cost: Cost) -> str:
    return money(Money(cost.minor, cost.currency))
