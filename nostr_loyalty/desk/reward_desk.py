"""Rewards: redeem takes the points at once and gives a voucher, use commits it at the till, cancel gives them back.

A code is said once, in the answer; the ledger and the world get its hash. What a voucher is worth was settled when it
was issued: a reward's price may change, the voucher does not.
"""

from typing import Final, cast

from ledger.units import Money
from ledger.vouchers import Voucher
from nostr_loyalty.commands.command import Cancel, Redeem, Request, Use
from nostr_loyalty.commands.fields import read_money
from nostr_loyalty.commands.outcome import Fact
from nostr_loyalty.desk import tier_desk
from nostr_loyalty.desk.deed import Deed
from nostr_loyalty.desk.facts import Movement
from nostr_loyalty.desk.hand_desk import hand_limit, is_frozen, known
from nostr_loyalty.desk.lot_moves import write_off
from nostr_loyalty.desk.voucher_moves import give_back, is_for, return_points
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import deeds, wording
from nostr_loyalty.rules import claiming, redeeming
from nostr_loyalty.rules.program import Cost, RewardType
from nostr_loyalty.rules.redeeming import RedeemFacts
from nostr_loyalty.rules.refusal import Refusal

_ENDED: Final = {"used": "voucher-used", "cancelled": "voucher-cancelled", "expired": "voucher-expired"}


def redeem(copy: WorkingCopy, request: Request, command: Redeem) -> Deed | Refusal:
    """Take a reward's points and issue its voucher."""
    program = request.program
    found = known(copy, program, command.who or request.customer)
    if isinstance(found, Refusal):
        return found
    standing = tier_desk.reviewed(copy, program, write_off(copy, program, found))
    facts = RedeemFacts(
        spendable=copy.position(standing).spendable(copy.now), tier=standing.tier,
        frozen=request.role == "customer" and is_frozen(copy, request),
        stock_taken=copy.facts.stock.get((program.ledger_id, command.reward), 0), slots=copy.facts.slots, now=copy.now,
        owed=max(0, -standing.balance),
    )  # fmt: skip
    redemption = redeeming.redeem(program.rules, command.reward, facts)
    if isinstance(redemption, Refusal):
        return redemption
    reward = redemption.reward
    by_hand = request.role == "operator"
    limited = hand_limit(copy, request, reward.cost) if by_hand else None
    if limited is not None:
        return limited
    moved = copy.position(standing).spend(reward.cost, at=copy.now)
    assert moved is not None, "the rule looked at what can be spent"
    code = claiming.claim_code(copy.dice(claiming.RANDOM_BYTES))
    hashed = claiming.claim_hash(code)
    entry = copy.enter(program, standing, Movement(
        type="redeemed", moved=moved, text=lambda it: wording.redeemed(it, reward), author=request.actor,
        reference=request.ref, occurred_at=request.at, adapter=request.adapter, reward=reward.id, voucher=hashed,
        by=request.actor if by_hand else None,
        said=lambda it: f"{wording.notice(it, moved.points, standing.balance + moved.points)}: {reward.title}",
    ))  # fmt: skip
    copy.facts.drawn[entry.id] = list(moved.draws)
    copy.put_voucher(Voucher(
        id=copy.facts.next_voucher_id, program_id=program.ledger_id, standing_id=standing.id, hash=hashed,
        reward=reward.id, title=reward.title, type=reward.type, value=reward.value, cost=reward.cost,
        charged=reward.cost, entry_id=entry.id, status="issued", issued_at=copy.now,
        hold_until=redemption.hold_until, ended_at=None, period=redemption.period, slot=redemption.slot,
        order_source=None, order_reference=None,
    ))  # fmt: skip
    copy.slip.stock.append((program.ledger_id, reward.id, reward.stock, 1))
    copy.facts.stock[program.ledger_id, reward.id] = facts.stock_taken + 1
    text = wording.voucher_issued(program, reward, code, redemption.hold_until)
    facts_said = {"voucher": code, "reward": reward.id, "customer": standing.customer}
    points = reward.cost if by_hand else 0
    return Deed(text, standing.id, (entry,), points, detail={"voucher": hashed}, facts=facts_said)


def use(copy: WorkingCopy, request: Request, command: Use) -> Deed | Refusal:
    """Commit a voucher; a discount larger than the bill costs only what it took off (Bug 42)."""
    program = request.program
    voucher = _issued(copy, request, command.code)
    if isinstance(voucher, Refusal):
        return voucher
    off = read_money(voucher.value) if voucher.type == "discount_amount" else None
    bill = Cost(command.bill.minor, command.bill.currency) if command.bill is not None else None
    most = Cost(off.minor, off.currency) if off is not None else None
    charged = redeeming.charge(cast(RewardType, voucher.type), voucher.cost, most, bill)
    if isinstance(charged, Refusal):
        return charged
    back = return_points(
        copy, program, voucher, voucher.cost - charged, "bill", author=request.actor, reference=request.ref,
        adapter=request.adapter, by=request.actor,
    )  # fmt: skip
    copy.put_voucher(voucher._replace(
        status="used", charged=charged, ended_at=copy.now, order_source=_source_of(copy, voucher, command.order),
        order_reference=command.order,
    ))  # fmt: skip
    worth = _worth(program, voucher, off, command.bill)
    what = f"{voucher.title} ({worth})" if voucher.type != "item" else voucher.title
    text = deeds.used(program, what, charged)
    facts: dict[str, Fact] = {"reward": voucher.reward, "charged": charged}
    return Deed(text, voucher.standing_id, (back,) if back else (), detail={"voucher": voucher.hash}, facts=facts)


def cancel(copy: WorkingCopy, request: Request, command: Cancel) -> Deed | Refusal:
    """Give a voucher's points back."""
    voucher = _issued(copy, request, command.code)
    if isinstance(voucher, Refusal):
        return voucher
    back = give_back(
        copy, request.program, voucher, "cancelled", author=request.actor, reference=request.ref,
        adapter=request.adapter, by=request.actor if request.role == "operator" else None,
    )  # fmt: skip
    assert back is not None, "an issued voucher is charged in full"
    text = deeds.cancelled(request.program, voucher.title, back.points, back.balance)
    return Deed(text, voucher.standing_id, (back,), facts={"reward": voucher.reward})


def _issued(copy: WorkingCopy, request: Request, code: str) -> Voucher | Refusal:
    """The voucher of this code, if it is this program's, still to be used, and the asker's own where a customer
    asks.
    """
    voucher = copy.facts.vouchers.get(claiming.claim_hash(code))
    if voucher is None or voucher.program_id != request.program.ledger_id:
        return Refusal("voucher-unknown")
    if request.role == "customer" and copy.followed(voucher.standing_id).customer != request.actor:
        return Refusal("voucher-of-another")
    if voucher.status != "issued":
        return Refusal(_ENDED[voucher.status], voucher.title)
    return voucher if voucher.hold_until > copy.now else Refusal("voucher-expired", voucher.title)


def _source_of(copy: WorkingCopy, voucher: Voucher, order: str | None) -> str | None:
    """Which till has reported the order that the voucher is used on; None where none has yet, or several have."""
    rows = copy.facts.orders.values()
    found = [row.source for row in rows if row.reference == order and is_for(copy, voucher, row)]
    return found[0] if len(found) == 1 else None


def _worth(program: ServedProgram, voucher: Voucher, off: Money | None, bill: Money | None) -> str:
    if off is not None:
        return deeds.amount_off(program, off if bill is None or bill.minor >= off.minor else bill)
    return deeds.percent_off(program, voucher.value) if voucher.type == "discount_percent" else voucher.value
