"""The way of a letter: words that somebody wrote to one of our keys, inside the transaction of their batch.

    read -> whose program, who asks, who is meant -> a command (desk/command_desk), a question or a choice -> an answer

Authority is the proven author's: the seal's for a wrap, the signature's for NIP-04 (Bug 62). A letter takes effect
once, by the id of its rumor: the inbox forgets none before it is too old to be heard, and a command is recorded with
that id as well. Every letter is answered, but for those of other daemons (`recognition`), those of somebody who has had
enough answers for now and was told so (`Patience`), those that are too old, and those in the old form where the program
does not read it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kinds import redemption, registry, vanish
from kinds.errors import Unreadable
from kinds.tags import value
from ledger.database import Write
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.commands import grammar
from nostr_loyalty.commands.command import CUSTOMER_VERBS, Command, Redeem, Request
from nostr_loyalty.commands.grammar import Asked, Misread, Unresolved
from nostr_loyalty.commands.questions import Confirm, Question
from nostr_loyalty.desk import command_desk
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.intake.patience import Patience
from nostr_loyalty.intake.recognition import FUTURE_S, Letter
from nostr_loyalty.letters import choosing, confirming, meant, questioning
from nostr_loyalty.letters import writer as writers
from nostr_loyalty.letters.reply import TOO_MANY, Said, answered, refused, too_many
from nostr_loyalty.letters.writer import Writer
from nostr_loyalty.programs import ServedProgram, ServedPrograms
from nostr_loyalty.publishing import answering, helping
from nostr_loyalty.rules.authority import OperatorRole
from nostr_loyalty.rules.refusal import Refusal

ANSWERED: Final = "letter-answered"
UNANSWERED: Final = "letter-unanswered"
QUESTIONS: Final = frozenset({"balance", "history", "rewards", "report", "help", "proof", "prove"})
"""Verbs that only ask; a customer's others are heard whatever it has asked before."""
OLD_S: Final = 14 * 86_400
SILENT_S: Final = 45 * 86_400
"""Older letters are not answered: nothing is done for them in any case, no relay is asked for them again once they were
read, and what could be answered again for ever must be remembered for ever."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a letter: a code, and how many promises it left."""

    code: str
    promises: int = 0


class LetterPath:
    """Answers letters."""

    def __init__(
        self, *, programs: ServedPrograms, commands: CommandPath, dice: Dice, patience: Patience,
        let_go: Callable[[Collection[str]], None],
    ) -> None:  # fmt: skip
        """`commands` decides inside our transaction; `patience` bounds what one key may cost us; `let_go` is told of
        keys that are forgotten, before it is committed.
        """
        self._programs = programs
        self._commands = commands
        self._dice = dice
        self._patience = patience
        self._let_go = let_go

    async def take(self, w: Write, letter: Letter, names: Mapping[str, str | None], now: int) -> Taken:
        """Answer one letter. `names`: what NIP-05 names stand for, as far as they were looked up."""
        author = letter.message.author
        if letter.message.created_at < now - SILENT_S:
            return Taken(UNANSWERED)
        served = self._programs.of_issuer(letter.issuer)
        if letter.message.rumor.kind == registry.ENCRYPTED_MESSAGE and not any(one.allows_nip04 for one in served):
            return Taken(UNANSWERED)
        writer = await writers.of(w, author, served)
        language = writer.language(served)
        asked = grammar.read(letter.text, slugs=[program.slug for program in served], language=language)
        free = letter.message.rumor.kind == registry.VANISH_REQUEST or any(one.operator(author) for one in served)
        deed = writer.is_known and _is_deed(letter, asked)
        if not free and not self._patience.allows(author, now, letter.message.ref, deed=deed):
            if not self._patience.is_to_be_told(author, now, letter.message.ref):
                return Taken(TOO_MANY)
            pause_s = self._patience.next_at(author, now, deed=deed) - now
            program = _speaking(letter, served, writer)[0].spoken(language)
            told = too_many(program, pause_s, deeds_are_done=writer.is_known and not deed)
            return Taken(TOO_MANY, await answered(w, letter, told, now, self._dice))
        said = await self._answer(w, letter, served, writer, asked, names, now)
        if said is None:
            return Taken(UNANSWERED)
        self._let_go(said.forgot)
        return Taken(ANSWERED, await answered(w, letter, said, now, self._dice))

    async def _answer(
        self, w: Write, letter: Letter, served: Sequence[ServedProgram], writer: Writer, asked: Asked | Misread,
        names: Mapping[str, str | None], now: int,
    ) -> Said | None:  # fmt: skip
        match letter.message.rumor.kind:
            case registry.REDEMPTION_REQUEST:
                return await self._redeem_without_words(w, letter, served, writer, now)
            case registry.VANISH_REQUEST:
                return await self._vanish(w, letter, now)
        program = await meant.program_for(w, letter, served, writer, asked, now)
        if program is None:
            return _which(letter, served, writer, asked)
        if letter.message.rumor.kind == registry.ENCRYPTED_MESSAGE and not program.allows_nip04:
            return None
        spoken, role = writer.spoken(program), writer.role(program)
        if isinstance(asked, Misread):
            return Said(spoken, helping.misread(spoken, asked, role), greets=not writer.was_replaced(program))
        if role is None and writer.was_replaced(program):
            return refused(spoken, Refusal("customer-frozen"), greets=False)
        settled = grammar.settle(asked, await meant.people(w, program, role, asked, names))
        if isinstance(settled, Unresolved):
            return Said(spoken, helping.nobody(spoken, settled.whos))
        return await self._settled(w, letter, spoken, role, asked, settled, now)

    async def _settled(
        self, w: Write, letter: Letter, program: ServedProgram, role: OperatorRole | None, asked: Asked,
        settled: Command | Question, now: int,
    ) -> Said:  # fmt: skip
        message = letter.message
        if isinstance(settled, Question):
            refusal = questioning.not_for(role, message.author, settled)
            refusal = refusal or command_desk.untimely(message.created_at, now)
            if refusal is not None:
                return refused(program, refusal)
            if isinstance(settled, Confirm):
                return await confirming.confirm(w, self._commands, program, message, settled, now)
            if isinstance(settled, choosing.CHOICES):
                return await choosing.choose(w, program, message, role, settled, now, self._dice)
            return await questioning.answer(w, program, message, role, settled, now, self._dice)
        own = False
        if isinstance(settled, Redeem):
            own = settled.who is None
            settled = replace(settled, reward=meant.reward(program, settled.reward))
        as_customer = role is None or (asked.verb in CUSTOMER_VERBS and (own or asked.verb not in ("redeem", "cancel")))
        request = Request(
            ref=message.ref, at=message.created_at, actor=message.author,
            role="customer" if as_customer else "operator", adapter="nostr", program=program, command=settled,
        )  # fmt: skip
        outcome, promises = await self._commands.decide(w, request, now)
        if confirming.wants_an_owner(program, request, outcome):
            return await confirming.ask_owners(w, program, request, now, self._dice)
        return Said(
            program, answering.outcome(program, request, outcome), code=outcome.code, facts=outcome.facts,
            promises=promises, shows_entries=not as_customer,
        )  # fmt: skip

    async def _redeem_without_words(
        self, w: Write, letter: Letter, served: Sequence[ServedProgram], writer: Writer, now: int
    ) -> Said | None:
        """A 7413: the same as `redeem <reward>`. What is wrong with one is said in words."""
        message = letter.message
        named = value(message.rumor.tags, "a")
        program = self._programs.at(named) if named is not None else None
        faults = redemption.faults(message.rumor)  # type: ignore[arg-type] # a rumor: a 7413 in clear is no letter
        if "a" in faults:
            program = (writer.near(served) or served)[0]
        if program is None or program.issuer != letter.issuer:
            return None
        program = writer.spoken(program)
        if writer.was_replaced(program):
            return refused(program, Refusal("customer-frozen"), greets=False)
        if faults:
            return Said(program, helping.incomplete_request(program, faults), code="redemption-malformed")
        asked = redemption.parse(message.rumor)  # type: ignore[arg-type] # a rumor, as above
        if asked.has_expired(now):
            return Said(program, answering.too_late(program), code="command-too-old")
        request = Request(
            ref=message.ref, at=message.created_at, actor=message.author, role="customer", adapter="nostr",
            program=program, command=Redeem(asked.reward),
        )  # fmt: skip
        outcome, promises = await self._commands.decide(w, request, now)
        text = answering.outcome(program, request, outcome)
        return Said(program, text, code=outcome.code, facts=outcome.facts, promises=promises)

    async def _vanish(self, w: Write, letter: Letter, now: int) -> Said | None:
        """A request to vanish (NIP-62) is a `forget me`, for every program of ours at the relays that it names."""
        message = letter.message
        try:
            asked = vanish.parse(message.rumor)
        except Unreadable:
            return None
        if not now - OLD_S <= message.created_at <= now + FUTURE_S:
            return None
        said: Said | None = None
        forgot: tuple[str, ...] = ()
        for program in self._programs.all:
            if asked.concerns([*program.relays, *program.dm_relays]):
                found = await choosing.forget(w, program, message, now, self._dice)
                if found is not None:  # the first one knows where the customer reads
                    forgot += found.forgot
                    promises = found.promises + (0 if said is None else said.promises)
                    said = replace(found, farewell=(said or found).farewell, forgot=forgot, promises=promises)
        return said


def _speaking(letter: Letter, served: Sequence[ServedProgram], writer: Writer) -> list[ServedProgram]:
    """Which programs speak where it is not clear which is meant: those that the writer has to do with, or all; in the
    old form those that read it, one at least.
    """
    is_old_form = letter.message.rumor.kind == registry.ENCRYPTED_MESSAGE
    allowed = [one for one in served if one.allows_nip04 or not is_old_form]
    return writer.near(allowed) or allowed


def _which(letter: Letter, served: Sequence[ServedProgram], writer: Writer, asked: Asked | Misread) -> Said:
    """Asked back, where several programs could be meant; somebody who only wants to know what this is, is told of
    each.
    """
    language = writer.language(served)
    programs = tuple(one.spoken(language) for one in _speaking(letter, served, writer))
    if isinstance(asked, Asked) and asked.verb != "help":
        text = helping.which_program(language, [one.slug for one in served])
    else:
        text = helping.several(programs, writer.role(programs[0]), in_full=isinstance(asked, Asked))
    replaced = any(writer.was_replaced(one) for one in programs)
    return Said(programs[0], text, programs=programs, greets=not replaced)


def _is_deed(letter: Letter, asked: Asked | Misread) -> bool:
    """Whether a letter wants something to be done, and does not only ask."""
    if letter.message.rumor.kind == registry.REDEMPTION_REQUEST:
        return not redemption.faults(letter.message.rumor)  # type: ignore[arg-type] # a rumor, as above
    return isinstance(asked, Asked) and asked.verb not in QUESTIONS
