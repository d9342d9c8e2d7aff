"""What guests and operators ask for in a state machine's step."""

from typing import Any

from ledger.units import Money
from nostr_loyalty.commands import command
from nostr_loyalty.commands.command import Command
from tests.model import counter, hand
from tests.model.chance import Chance
from tests.model.days import DAY
from tests.model.house import OPERATORS, key_of
from tests.model.pair import GUESTS, Pair
from tests.model.tills import AMOUNTS, NEVER, some_order


async def _ask(pair: Pair, asker: str, wish: Command, expected: str, then: Any = None) -> None:
    request = pair.house.request(wish, key_of(asker).public, ref=pair.next_ref())
    if expected == "done":
        pair.done.append(request)
    await pair.ask(request, expected, then)


async def again(pair: Pair, chance: Chance) -> None:
    """A command that was done is sent again."""
    if pair.done:
        await pair.ask(chance.one(pair.done[-8:]), "duplicate")


async def redeem(pair: Pair, chance: Chance) -> None:
    """A guest redeems, or an operator for a guest."""
    who = chance.one(GUESTS)
    asker = chance.one([who, who, who, *OPERATORS])
    reward = chance.one([*pair.cafe.rules.rewards, "no-such-reward"])
    code = f"v{len(pair.cafe.vouchers)}"
    expected = counter.redeem(pair.cafe, asker, who, reward, code, pair.now)

    def keep(outcome: Any) -> None:
        pair.voucher_codes[code] = outcome.facts["voucher"]

    await _ask(pair, asker, command.Redeem(reward, None if asker == who else key_of(who).public), expected, keep)


async def _voucher(pair: Pair, chance: Chance) -> tuple[str, str]:
    """The code of one of the last vouchers, in the model and in the house."""
    last = pair.cafe.vouchers[-8:]
    if not last or chance.number(32) == 31:
        return "never", NEVER
    code = last[-1 - chance.number(len(last))].code
    if code not in pair.voucher_codes:
        await pair.settle()
    return code, pair.voucher_codes[code]


async def use(pair: Pair, chance: Chance) -> None:
    """A voucher is used at the till."""
    code, there = await _voucher(pair, chance)
    asker = chance.one(OPERATORS)
    bill = chance.one([None, (chance.one(AMOUNTS), "EUR"), (250, "EUR"), (300, "USD")])
    voucher = counter.find(pair.cafe, code)
    theirs = [one for one in pair.cafe.orders if voucher is not None and one.who in (None, voucher.who)]
    order = chance.one([some_order(pair, chance, theirs), None, some_order(pair, chance)])
    name = None if order is None else order.name
    expected = counter.use(pair.cafe, asker, code, pair.now, bill, name)
    await _ask(pair, asker, command.Use(there, None if bill is None else Money(*bill), name), expected)


async def cancel(pair: Pair, chance: Chance) -> None:
    """A voucher is handed back, by its guest, by another, or by an operator."""
    code, there = await _voucher(pair, chance)
    voucher = counter.find(pair.cafe, code)
    guest = voucher.who if voucher is not None else GUESTS[0]
    asker = chance.one([guest, guest, guest, chance.one(GUESTS), chance.one(OPERATORS)])
    expected = counter.cancel(pair.cafe, asker, code, pair.now, by_guest=asker in GUESTS)
    await _ask(pair, asker, command.Cancel(there), expected)


async def claim(pair: Pair, chance: Chance) -> None:
    """Somebody types the code of a receipt."""
    order = some_order(pair, chance, [one for one in pair.cafe.orders if one.code])
    who = chance.one(GUESTS)
    if order is None:
        return
    if order.number not in pair.claim_codes:
        await pair.settle()
    if pair.claim_codes[order.number] == NEVER:  # taken back before it came: no receipt has its code
        return
    expected = counter.claim(pair.cafe, who, order, pair.now)
    await _ask(pair, who, command.Claim(pair.claim_codes[order.number]), expected)


async def guess(pair: Pair, chance: Chance) -> None:
    """Somebody types some code, or several."""
    who = chance.one(GUESTS)
    for _ in range(chance.one([1, 2, 6])):
        await _ask(pair, who, command.Claim(NEVER), counter.claim(pair.cafe, who, None, pair.now))


async def grant(pair: Pair, chance: Chance) -> None:
    """Points by hand."""
    who, asker, points = chance.one(GUESTS), chance.one(OPERATORS), chance.one([5, 1, 12, 40, 0])
    ends = chance.one([None, None, pair.now + 5 * DAY, pair.now])
    expected = hand.grant(pair.cafe, asker, who, points, pair.now, ends)
    await _ask(pair, asker, command.Grant(key_of(who).public, points, expires_at=ends), expected)


async def revoke(pair: Pair, chance: Chance) -> None:
    """Points taken by hand."""
    who, asker, points = chance.one(GUESTS), chance.one(OPERATORS), chance.one([5, 1, 12, 40])
    await _ask(
        pair, asker, command.Revoke(key_of(who).public, points), hand.revoke(pair.cafe, asker, who, points, pair.now)
    )


async def revoke_entry(pair: Pair, chance: Chance) -> None:
    """A line of a card is taken back."""
    who, asker = chance.one(GUESTS), chance.one(OPERATORS)
    lines = pair.cafe.history(who)
    if lines:
        place = len(lines) - chance.number(min(len(lines), 8))
        ref = await pair.entry_ref(who, place)
        expected = hand.revoke_entry(pair.cafe, asker, lines[place - 1].number, pair.now)
        await _ask(pair, asker, command.RevokeEntry(ref), expected)


async def refund(pair: Pair, chance: Chance) -> None:
    """An operator says that an order was paid back."""
    order, asker = some_order(pair, chance), chance.one(OPERATORS)
    if order is not None:
        part = chance.one([None, order.bill.minor // 3, order.bill.minor // 2])
        amount = None if part is None else (part, order.bill.currency)
        expected = hand.refund(pair.cafe, asker, order.name, amount, pair.coming_ref(), pair.now)
        await _ask(pair, asker, command.Refund(order.name, None if amount is None else Money(*amount)), expected)


async def freeze(pair: Pair, chance: Chance) -> None:
    """A card is frozen, or no longer."""
    who, asker, frozen = chance.one(GUESTS), chance.one(OPERATORS), chance.one([True, False])
    expected = hand.freeze(pair.cafe, asker, who, pair.now, frozen=frozen)
    key = key_of(who).public
    await _ask(pair, asker, command.Freeze(key) if frozen else command.Unfreeze(key), expected)


async def relink(pair: Pair, chance: Chance) -> None:
    """A lost key."""
    old, new, asker = chance.one(GUESTS), chance.one(GUESTS[::-1]), chance.one(OPERATORS)
    expected = hand.relink(pair.cafe, asker, old, new, pair.now)
    await _ask(pair, asker, command.Relink(key_of(old).public, key_of(new).public), expected)


async def undo(pair: Pair, chance: Chance) -> None:
    """The last command is taken back, mostly by whom it was given."""
    latest = [deed.who for deed in pair.cafe.deeds if deed.who in OPERATORS and deed.verb != "undo"][-1:]
    asker = chance.one([*latest * 3, *OPERATORS])
    await _ask(pair, asker, command.Undo(), hand.undo(pair.cafe, asker, pair.now))


async def decide_held(pair: Pair, chance: Chance) -> None:
    """An order that the guard holds, or another, is released or dropped."""
    held = [one for one in pair.cafe.orders if one.held]
    order = some_order(pair, chance, held) or some_order(pair, chance)
    asker, release = chance.one(OPERATORS), chance.one([True, False])
    if order is not None:
        expected = hand.decide_held(pair.cafe, asker, order.name, pair.now, release=release)
        wish = command.Release(order.name) if release else command.Drop(order.name)
        await _ask(pair, asker, wish, expected)


async def feedback(pair: Pair, chance: Chance) -> None:
    """A word about the last order, or about another."""
    who = chance.one(GUESTS)
    order = some_order(pair, chance) if chance.number(2) else None
    expected = counter.feedback(pair.cafe, who, order, pair.now)
    await _ask(pair, who, command.Feedback("a word", None if order is None else order.name), expected)


async def refer(pair: Pair, chance: Chance) -> None:
    """A guest brings another."""
    who, friend = chance.one(GUESTS), chance.one(GUESTS)
    expected = counter.refer(pair.cafe, who, friend, pair.now)
    await _ask(pair, who, command.Refer(key_of(friend).public), expected)
