"""Questions, answered inside the letter's transaction: a customer asks about itself, an operator about others too."""

from typing import Final

from kinds import attestation
from kinds.attestation import Attestation
from kinds.event import author, canonical_of
from ledger import book, orders, statement, tally, vouchers
from ledger.book import Standing
from ledger.database import Write
from nostr_loyalty.commands import questions as asked_for
from nostr_loyalty.commands.outcome import Fact
from nostr_loyalty.commands.questions import Question, verb_of_question
from nostr_loyalty.commands.words import fold
from nostr_loyalty.desk import completing, tiers
from nostr_loyalty.desk.facts import Dice, Facts
from nostr_loyalty.intake.recognition import Message
from nostr_loyalty.letters import receipts
from nostr_loyalty.letters.reply import Said
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import answering, helping, publications
from nostr_loyalty.publishing.answering import RewardLine, Sums
from nostr_loyalty.rules import redeeming, tiering
from nostr_loyalty.rules.authority import OperatorRole, beyond, may
from nostr_loyalty.rules.calendar import day_of, period_days, start_of_day
from nostr_loyalty.rules.redeeming import RedeemFacts
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.tiering import TierState

VOUCHERS_SHOWN: Final = 10
PROOF_VALID_S: Final = attestation.VALID_S


async def answer(
    w: Write,
    program: ServedProgram,
    message: Message,
    role: OperatorRole | None,
    question: Question,
    now: int,
    dice: Dice,
) -> Said:
    """The answer to a question that moves and changes nothing."""
    match question:
        case asked_for.Help(topic=topic):
            return Said(program, helping.help_text(program, role, topic))
        case asked_for.Balance(who=who):
            return await _balance(w, program, message.author, who, now)
        case asked_for.History():
            return await _history(w, program, message.author, question)
        case asked_for.Rewards():
            return await _rewards(w, program, message.author, now)
        case asked_for.Report(period=period):
            return await _report(w, program, period, now)
        case asked_for.Proof():
            return Said(program, answering.no_proof_yet(program), code="proof-not-yet")
        case asked_for.Prove():
            return await _prove(w, program, message.author, question, now, dice)
    raise AssertionError(f"a choice is no question: {question}")


def not_for(role: OperatorRole | None, author: str, question: Question) -> Refusal | None:
    """Why a question is not for its asker: customers ask about themselves, operators about others as their role may."""
    about_others = isinstance(question, asked_for.Report) or (
        isinstance(question, asked_for.Balance | asked_for.History) and question.who not in (None, author)
    )
    if not about_others or (role is not None and may(role, verb_of_question(question))):
        return None
    return Refusal("command-not-allowed") if role is None else beyond(role, verb_of_question(question))


async def standing_of(w: Write, program: ServedProgram, customer: str) -> Standing | None:
    """The customer's standing, followed to the key that it moved to."""
    found = await book.find_standings(w, [(program.ledger_id, customer)])
    standing = next(iter(found.values()), None)
    while standing is not None and standing.relinked_to is not None:
        standing = (await book.standings_by_id(w, [standing.relinked_to]))[standing.relinked_to]
    return standing


async def facts_about(w: Write, program: ServedProgram, standing: Standing, now: int) -> Facts:
    """What looking at one customer needs: tallies for tiers, and all lots."""
    facts = Facts(standings={standing.id: standing})
    await completing.count(w, facts, {program.ledger_id: completing.first_day_of(program.rules, [now], now)})
    await completing.set_apart(w, facts, [program.ledger_id])
    await completing.open_up(w, facts, [standing.id])
    return facts


def _no_card(program: ServedProgram, asker: str, who: str | None) -> Said:
    return Said(program, answering.no_card(program, who if who != asker else None), code="customer-unknown")


async def _balance(w: Write, program: ServedProgram, asker: str, who: str | None, now: int) -> Said:
    standing = await standing_of(w, program, who or asker)
    if standing is None:
        return _no_card(program, asker, who)
    facts = await facts_about(w, program, standing, now)
    steps = tiers.steps(facts, program.rules, standing, now) if program.rules.tiers else None
    pending = sum(row.earned - row.reversed for row in await orders.pending_of(w, standing.id))
    open_vouchers = [one for one in await vouchers.of_standing(w, standing.id, VOUCHERS_SHOWN) if one.is_active]
    text = answering.balance(program, standing, pending=pending, steps=steps, vouchers=open_vouchers)
    return Said(program, text, facts={"balance": standing.balance, "tier": standing.tier, "seq": standing.seq})


async def _history(w: Write, program: ServedProgram, asker: str, asked: asked_for.History) -> Said:
    """With the signed entries, where they are the asker's own."""
    standing = await standing_of(w, program, asked.who or asker)
    if standing is None:
        return _no_card(program, asker, asked.who)
    end = min(asked.before or standing.seq + 1, standing.seq + 1)
    after = max(0, end - 1 - asked.lines)
    entries = await statement.history(w, standing.id, limit=standing.seq, after_seq=after, before_seq=end)
    facts: dict[str, Fact] = {"balance": standing.balance, "seq": standing.seq}
    is_own = standing.customer == asker
    if is_own and standing.card_at and (publications.is_public(program, standing) or standing.card_name):
        facts["card"] = publications.card_address(program, standing)
    return Said(
        program, answering.history(program, entries), facts=facts,
        receipts=tuple(receipts.packed(entries)) if is_own else (),
    )  # fmt: skip


async def _rewards(w: Write, program: ServedProgram, customer: str, now: int) -> Said:
    standing = await standing_of(w, program, customer)
    facts = await facts_about(w, program, standing, now) if standing is not None else None
    spendable = _spendable(facts, standing, now)
    tier = _tier(facts, program, standing, now) if facts is not None and standing is not None else None
    rows = []
    for reward in program.rules.rewards:
        taken = await vouchers.stock_taken(w, program.ledger_id, reward.id) if reward.stock is not None else 0
        slots: frozenset[int] = frozenset()
        if standing is not None and reward.limit is not None:
            period = redeeming.period_of(program.rules, reward, now)
            slots = frozenset(await vouchers.slots(w, standing.id, reward.id, period))
        tried = redeeming.redeem(program.rules, reward.id, RedeemFacts(
            spendable, tier, standing is not None and bool(standing.frozen), taken, slots, now,
            owed=max(0, -standing.balance) if standing is not None else 0,
        ))  # fmt: skip
        rows.append(RewardLine(reward, tried if isinstance(tried, Refusal) else None))
    return Said(program, answering.rewards(program, rows, spendable))


def _spendable(facts: Facts | None, standing: Standing | None, now: int) -> int:
    if facts is None or standing is None:
        return 0
    live = sum(lot.remaining for lot in facts.lots[standing.id] if not lot.is_over(now))
    return max(0, live - standing.deficit)


async def _report(w: Write, program: ServedProgram, period: asked_for.ReportPeriod, now: int) -> Said:
    tz = program.rules.tz
    today = day_of(now, tz)
    first, _ = period_days(today, "day" if period == "today" else "week" if period == "week" else "month")
    sums = Sums(**await statement.sums_since(w, program.ledger_id, start_of_day(first, tz)))
    return Said(program, answering.report(program, period, sums))


async def _prove(w: Write, program: ServedProgram, customer: str, asked: asked_for.Prove, now: int, dice: Dice) -> Said:
    """An attestation for one audience, if what it says is true (protocol §8). It is given to the asker only."""
    standing = await standing_of(w, program, customer)
    if standing is None or standing.customer != customer:
        return _no_card(program, customer, None)
    value = await _proven(w, program, standing, asked, now)
    if value is None:
        return Said(program, answering.not_so(program, asked), code="claim-not-true")
    try:
        claim = attestation.claim(asked.claim, value, asked.window)
    except ValueError as fault:
        return Said(program, answering.not_provable(program, str(fault)), code="claim-malformed")
    said = Attestation(
        program=program.address, subject=customer, audience=asked.audience, claim=claim, nonce=dice(16).hex(),
        expiration=now + PROOF_VALID_S,
    )  # fmt: skip
    document = canonical_of(author(attestation.template(said, now), program.issuer))
    return Said(program, answering.proven(program, asked, value), code="proven", proof=document)


async def _proven(w: Write, program: ServedProgram, standing: Standing, asked: asked_for.Prove, now: int) -> str | None:
    """The claim's value where it is true, None where it is not."""
    match asked.claim:
        case "tier":
            said = fold(asked.value)
            wanted = next((one.id for one in program.rules.tiers if said in (fold(one.id), fold(one.title))), None)
            held = _tier(await facts_about(w, program, standing, now), program, standing, now)
            return wanted if held and wanted and tiering.at_least(program.rules, held, wanted) else None
        case "member_since":
            return str(standing.first_at)
        case "points_at_least" | "visits_at_least":
            days = await _since(w, program, standing, asked.window, now)
            if asked.claim == "visits_at_least":
                reached = standing.visits if days is None else sum(one.visits for one in days)
            elif days is None:
                reached = _spendable(await facts_about(w, program, standing, now), standing, now)
            else:
                reached = sum(one.points for one in days)
            return asked.value if asked.value.isdigit() and reached >= int(asked.value) else None
    raise AssertionError(asked.claim)


def _tier(facts: Facts, program: ServedProgram, standing: Standing, now: int) -> str | None:
    """The tier that is held now, also where the sweep has not yet said that it has ended."""
    state = TierState(standing.tier, standing.grace_until, standing.review_at)
    days = tiers.counted_days(facts, program.rules, standing, now)
    value = tiers.value(facts, program.rules, standing, days)
    for _ in range(len(program.rules.tiers) + 1):
        state = tiering.review(program.rules, state, value=value, window=days, now=now).state
    return state.tier


async def _since(
    w: Write, program: ServedProgram, standing: Standing, window: str | None, now: int
) -> list[tally.Tally] | None:
    """The tallies of the last so many days; None without a window."""
    if window is None or not window[:-1].isdigit():
        return None
    days = int(window[:-1]) * (7 if window.endswith("w") else 1)
    first = day_of(now, program.rules.tz) - days + 1
    return (await tally.since(w, [(standing.id, first)]))[standing.id]
