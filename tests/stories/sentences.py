"""What a row says, in the words of the page, and what is done about it."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from ledger.units import parse_money
from nostr_loyalty.commands import command
from tests.stories.cast import Cast
from tests.stories.reading import TZ

Played = Callable[..., Awaitable[None]]
_SENTENCES: Final[list[tuple[re.Pattern[str], Played]]] = []

WHO: Final = r"(?P<who>[A-Z]\w+)"
MONEY: Final = r"(?P<amount>[\d.]+) (?P<unit>[A-Za-z]+)"
ORDER: Final = r"order (?P<order>\d+)"


def sentence(pattern: str) -> Callable[[Played], Played]:
    """This is done when a row says this."""

    def known(play: Played) -> Played:
        _SENTENCES.append((re.compile(pattern), play))
        return play

    return known


async def play(cast: Cast, text: str) -> None:
    """Do what the row says."""
    for pattern, done in _SENTENCES:
        if matched := pattern.fullmatch(text):
            fields = matched.groupdict()
            cast.named = fields.get("who")
            await done(cast, **fields)
            return
    raise AssertionError(f"nobody knows what this means: {text!r}")


# -- the till ----------------------------------------------------------------------------------------------------


@sentence(rf"(?:{WHO}|somebody) pays {MONEY} for {ORDER}(?P<more>.*)")
async def _pays(cast: Cast, who: str | None, amount: str, unit: str, order: str, more: str) -> None:
    details: dict[str, Any] = {"lines": [], "items": []}
    for clause in filter(None, more.split(", ")):
        if as_line := re.fullmatch(r"([\d.]+) (\w+) of it (?:as (\w+)|with points)", clause):
            details["lines"].append((as_line[3] or "points_discount", (as_line[1], as_line[2])))
        elif item := re.fullmatch(r"with (\d+) (\w+) for ([\d.]+) (\w+)", clause):
            details["items"].append((item[2], item[1], (item[3], item[4])))
        elif by := re.fullmatch(r"by (\w+)", clause):
            details["payment"] = by[1]
        else:
            earlier = re.fullmatch(r"at (\d\d):(\d\d)", clause)
            assert earlier is not None, f"nobody knows what this means: {clause!r}"
            now = datetime.fromtimestamp(cast.house.clock.now(), TZ)
            details["paid_at"] = int(now.replace(hour=int(earlier[1]), minute=int(earlier[2])).timestamp())
    cast.sold(order, (amount, unit))
    customer = cast.key(who) if who else None
    await cast.send(cast.house.order(order, (amount, unit), customer, **details), order)


@sentence(rf"{ORDER} is (?P<how>refunded|cancelled)")
async def _taken_back(cast: Cast, order: str, how: str) -> None:
    amount = cast.paid_back(order)
    status = {"refunded": "refunded", "cancelled": "canceled"}[how]
    await cast.send(cast.house.order(order, amount, status=status), order)


@sentence(rf"{MONEY} of {ORDER} is paid back")
async def _part_is_paid_back(cast: Cast, amount: str, unit: str, order: str) -> None:
    amount, unit = cast.paid_back(order, (amount, unit))
    refund = f"part-{cast.house.clock.now()}"
    await cast.send(cast.house.order(order, (amount, unit), status="refunded", refund=refund), order)


@sentence("the till repeats that")
async def _repeats(cast: Cast) -> None:
    await cast.repeat()


# -- guests ------------------------------------------------------------------------------------------------------


@sentence(rf"{WHO} redeems (?P<reward>[\w-]+)")
async def _redeems(cast: Cast, who: str, reward: str) -> None:
    await cast.ask(command.Redeem(reward), who)


@sentence(rf"{WHO}'s voucher is used(?: on a bill of {MONEY})?(?:, for {ORDER})?")
async def _uses(cast: Cast, who: str, amount: str | None, unit: str | None, order: str | None) -> None:
    bill = parse_money(amount, unit) if amount and unit else None
    await cast.ask(command.Use(cast.vouchers[who][-1], bill, order))


@sentence(rf"{WHO} cancels (?:her|his) voucher")
async def _cancels(cast: Cast, who: str) -> None:
    await cast.ask(command.Cancel(cast.vouchers[who][-1]), who)


@sentence(rf"{WHO} claims the receipt of {ORDER}")
async def _claims(cast: Cast, who: str, order: str) -> None:
    await cast.ask(command.Claim(cast.codes[order]), who)


@sentence(rf"{WHO} tries a wrong code")
async def _guesses(cast: Cast, who: str) -> None:
    await cast.ask(command.Claim("0000-0000-0000-0000"), who)


@sentence(rf'{WHO} says "(?P<text>[^"]+)"(?: about {ORDER})?')
async def _says(cast: Cast, who: str, text: str, order: str | None) -> None:
    await cast.ask(command.Feedback(text, order), who)


@sentence(rf"{WHO} brings (?P<friend>\w+)")
async def _brings(cast: Cast, who: str, friend: str) -> None:
    await cast.ask(command.Refer(cast.key(friend)), who)


@sentence(rf"{WHO} looks at (?:her|his) card")
async def _looks(cast: Cast, who: str) -> None:
    cast.told = "done"


# -- the owner, and time -----------------------------------------------------------------------------------------


@sentence(rf"the owner gives {WHO} (?P<points>\d+) points")
async def _gives(cast: Cast, who: str, points: str) -> None:
    await cast.ask(command.Grant(cast.key(who), int(points), "a sorry"))


@sentence(rf"the owner takes (?P<points>\d+) points from {WHO}")
async def _takes(cast: Cast, who: str, points: str) -> None:
    await cast.ask(command.Revoke(cast.key(who), int(points), "a mistake"))


@sentence(rf"the owner redeems (?P<reward>[\w-]+) for {WHO}")
async def _redeems_for(cast: Cast, who: str, reward: str) -> None:
    await cast.ask(command.Redeem(reward, cast.key(who)))


@sentence(rf"the owner (?P<how>freezes|unfreezes) {WHO}")
async def _freezes(cast: Cast, how: str, who: str) -> None:
    await cast.ask({"freezes": command.Freeze, "unfreezes": command.Unfreeze}[how](cast.key(who)))


@sentence(rf"the owner moves {WHO}'s card to (?P<new>\w+)")
async def _moves(cast: Cast, who: str, new: str) -> None:
    await cast.ask(command.Relink(cast.key(who), cast.key(new)))
    if cast.told == "done":
        cast.vouchers[new] += cast.vouchers.pop(who, [])


@sentence(rf"the owner (?P<how>releases|drops) {ORDER}")
async def _decides(cast: Cast, how: str, order: str) -> None:
    await cast.ask({"releases": command.Release, "drops": command.Drop}[how](order))


@sentence("the owner undoes that")
async def _undoes(cast: Cast) -> None:
    await cast.ask(command.Undo())


@sentence("time passes")
async def _time_passes(cast: Cast) -> None:
    await cast.house.sweep()
    cast.told = "done"
