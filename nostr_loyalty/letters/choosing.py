"""Choices: who sees what, which notices, the language, badges, being forgotten; an owner's pause and resume.

A choice is booked like a command: on a working copy, in the same transaction as its answer.
"""

from typing import Final

from ledger import addresses, announcements, awards, book, choices, newcomers, outbox, programs, shown, statement
from ledger.book import Standing
from ledger.database import Write
from ledger.entry import Entry
from ledger.newcomers import Newcomer
from nostr_loyalty import catalogue
from nostr_loyalty.commands import questions as asked_for
from nostr_loyalty.commands.questions import Question
from nostr_loyalty.desk import choice_desk, writing
from nostr_loyalty.desk.facts import Dice, Facts
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.intake.recognition import Message
from nostr_loyalty.letters import questioning
from nostr_loyalty.letters.reply import Said, refused
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import answering, definitions, publications
from nostr_loyalty.rules.authority import OperatorRole, beyond, may
from nostr_loyalty.rules.refusal import Refusal

CHAIN_MAX: Final = 20_000
"""Entries of one customer that are shown or withdrawn at once."""
CHOICES: Final = (
    asked_for.Share, asked_for.Notify, asked_for.BadgeChoice, asked_for.Language, asked_for.ForgetMe, asked_for.Pause,
    asked_for.Resume,
)  # fmt: skip


async def choose(
    w: Write,
    program: ServedProgram,
    message: Message,
    role: OperatorRole | None,
    choice: Question,
    now: int,
    dice: Dice,
) -> Said:
    """Make a choice, and say so."""
    if isinstance(choice, asked_for.Pause | asked_for.Resume):
        return await _pause(w, program, role, now, dice, paused=isinstance(choice, asked_for.Pause))
    standing = await _own(w, program, message.author)
    if standing is None:
        return await _choose_early(w, program, message, choice, now)
    match choice:
        case asked_for.Share(sharing=sharing):
            return await _share(w, program, standing, sharing, now, dice)
        case asked_for.Notify(notices=notices):
            await choices.choose(w, standing._replace(notify=notices))
            return Said(program, answering.notices_chosen(program, notices))
        case asked_for.BadgeChoice(wanted=wanted):
            return await _badge(w, program, standing, wanted=wanted, now=now, dice=dice)
        case asked_for.Language(code=code):
            if code not in catalogue.languages():
                return Said(program, answering.no_such_language(program, code), code="language-unknown")
            await choices.choose(w, standing._replace(language=code))
            return Said(program.spoken(code), answering.language_chosen(program.spoken(code)))
        case asked_for.ForgetMe(confirmed=confirmed):
            if not confirmed:
                return Said(program, answering.forgetting(program, standing), code="forget-confirm")
            return await forget(w, program, message, now, dice) or Said(program, answering.forgotten(program))
    raise AssertionError(f"a question is no choice: {choice}")


async def _choose_early(w: Write, program: ServedProgram, message: Message, choice: Question, now: int) -> Said:
    """The choice of somebody who has no card yet: it holds from the first entry on."""
    pair = (program.ledger_id, message.author)
    if await questioning.standing_of(w, program, message.author) is not None:  # it is another key's now
        return Said(program, answering.no_card(program), code="customer-unknown", greets=False)
    before = (await newcomers.find(w, [pair])).get(pair, Newcomer(*pair))
    match choice:
        case asked_for.Share(sharing=sharing):
            chosen, text = before._replace(shares=sharing), answering.sharing_chosen_early(program, sharing)
        case asked_for.Notify(notices=notices):
            chosen, text = before._replace(notify=notices), answering.notices_chosen(program, notices)
        case asked_for.BadgeChoice(wanted=wanted):
            chosen = before._replace(badge=int(wanted))
            text = answering.badge_chosen(program, wanted=wanted, had_some=False)
        case asked_for.Language(code=code):
            if code not in catalogue.languages():
                return Said(program, answering.no_such_language(program, code), code="language-unknown")
            program = program.spoken(code)
            chosen, text = before._replace(language=code), answering.language_chosen(program)
        case asked_for.ForgetMe():
            return await _forget_newcomer(w, program, message.author) or Said(
                program, answering.no_card(program), code="customer-unknown", greets=False
            )
        case _:
            raise AssertionError(f"a question is no choice: {choice}")
    await newcomers.put(w, chosen._replace(wrote_at=now))
    return Said(program, text)


async def _forget_newcomer(w: Write, program: ServedProgram, key: str) -> Said | None:
    """Forget somebody who has no card: there is nothing to lose, so it is not asked back. None: unknown."""
    wrote = (await newcomers.find(w, [(program.ledger_id, key)])).get((program.ledger_id, key))
    if wrote is None:
        return None
    program = program.spoken(wrote.language)
    await newcomers.drop(w, [(program.ledger_id, key)])
    farewell = await outbox.let_go(w, key)
    return Said(program, answering.forgotten(program), code="forgotten", farewell=farewell, forgot=(key,))


async def forget(w: Write, program: ServedProgram, message: Message, now: int, dice: Dice) -> Said | None:
    """Forget a customer, and the keys that it had before: what was public is withdrawn, the card too, and the ledger
    keeps pseudonyms. None: unknown.
    """
    standing = await _own(w, program, message.author)
    if standing is None:
        return await _forget_newcomer(w, program, message.author)
    program = program.spoken(standing.language)
    before = await book.standings_by_id(w, await choices.moved_here(w, standing.id))
    reads = (await addresses.of(w, [message.author])).get(message.author)
    promises = 0
    for one in (standing, *before.values()):
        copy = WorkingCopy(await _facts(w, one), now, dice)
        choice_desk.withdraw(copy, program, one, await _chain(w, one), await _badges(w, one))
        slip = copy.close_without_cards()
        await writing.write(w, slip, now)
        is_operator = program.operator(one.customer) is not None
        await awards.take_out(w, one.id)
        await choices.forget(w, one.id, dice(32), keeps_commands=is_operator)
        promises += len(slip.promises)
    return Said(program, answering.forgotten(program), code="forgotten", promises=promises,
                farewell=reads.relays if reads is not None else (),
                forgot=tuple(one.customer for one in (standing, *before.values())))  # fmt: skip


async def _share(
    w: Write, program: ServedProgram, standing: Standing, sharing: asked_for.Sharing, now: int, dice: Dice
) -> Said:
    copy = WorkingCopy(await _facts(w, standing), now, dice)
    badges = await _badges(w, standing)
    choice_desk.share(copy, program, standing, sharing, await _chain(w, standing), badges)
    slip = copy.close()
    if sharing == "private":
        brought = 0
        await _take_out_awards(w, program, standing, now)
        await shown.drop(w, program.ledger_id, standing.id)
        await choices.take_back(w, program.ledger_id, standing.customer, ("entry", "award"))
    else:
        again = await shown.again(w, program.ledger_id, standing.id, program.relays)
        brought = again + sum(promise.label == shown.LABEL for promise in slip.promises)
    await writing.write(w, slip, now)
    after = copy.facts.standings[standing.id]
    is_there = after.card_at and (sharing == "public" or after.card_name is not None)
    facts = {"card": publications.card_address(program, after)} if is_there else {}
    text = answering.sharing_chosen(program, sharing, withdrawn=after.withdrawn_seq, brought=brought)
    return Said(program, text, facts=facts, promises=len(slip.promises) + brought)


async def _badge(w: Write, program: ServedProgram, standing: Standing, *, wanted: bool, now: int, dice: Dice) -> Said:
    copy = WorkingCopy(await _facts(w, standing), now, dice)
    if wanted:
        dated = max(now, await announcements.last_said(w, program.issuer, _awards_of(standing)) + 1)
        copy.award(program, choice_desk.choose(copy, standing._replace(badge=1)), dated)
        if copy.slip.awards:
            await _note_awards(w, program, standing, dated)
    else:
        choice_desk.drop_badges(copy, program, standing, await _badges(w, standing))
        await _take_out_awards(w, program, standing, now)
        await choices.take_back(w, program.ledger_id, standing.customer, ("award",))
    await writing.write(w, copy.slip, now)
    text = answering.badge_chosen(program, wanted=wanted)
    return Said(program, text, promises=len(copy.slip.awards) + len(copy.slip.promises))


async def _take_out_awards(w: Write, program: ServedProgram, standing: Standing, now: int) -> None:
    """Forget them, but for the latest moment that one of them may bear."""
    latest = max(now, await announcements.last_said(w, program.issuer, _awards_of(standing)))
    await _note_awards(w, program, standing, latest)
    await awards.take_out(w, standing.id)


async def _note_awards(w: Write, program: ServedProgram, standing: Standing, at: int) -> None:
    await announcements.say(w, program.issuer, _awards_of(standing), "00" * 32, at)


def _awards_of(standing: Standing) -> str:
    """Under which name it is remembered when the customer's badges were awarded or withdrawn last."""
    return f"award:{standing.id}"


async def _pause(
    w: Write, program: ServedProgram, role: OperatorRole | None, now: int, dice: Dice, *, paused: bool
) -> Said:
    """The definition says it too: as a revision of its own, which entries name from now on."""
    if role is None:
        return refused(program, Refusal("command-not-allowed"))
    verb = "pause" if paused else "resume"
    if not may(role, verb):
        return refused(program, beyond(role, verb))
    if program.rules.status != "active":  # the configuration's word comes first
        return refused(program, Refusal("program-ended" if program.rules.status == "ended" else "program-paused"))
    await programs.pause(w, program.ledger_id, paused=paused)
    is_new = await definitions.restate(w, program, "paused" if paused else "active", now, dice)
    text = answering.paused(program) if paused else answering.resumed(program)
    return Said(program, text, promises=int(is_new))


async def _own(w: Write, program: ServedProgram, customer: str) -> Standing | None:
    """The author's own standing; what moved to another key is that one's."""
    standing = await questioning.standing_of(w, program, customer)
    return standing if standing is not None and standing.customer == customer else None


async def _facts(w: Write, standing: Standing) -> Facts:
    return Facts(standings={standing.id: standing}, next_entry_id=await book.next_entry_id(w))


async def _badges(w: Write, standing: Standing) -> list[str]:
    return [award.ref for award in await awards.of_standing(w, standing.id)]


async def _chain(w: Write, standing: Standing) -> list[Entry]:
    return await statement.history(w, standing.id, limit=CHAIN_MAX)
