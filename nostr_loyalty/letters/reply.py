"""The answer to a letter, as it is promised: in the form in which the letter came, with a welcome the first time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kinds import registry
from kinds.keys import EventPointer, nevent_encode
from ledger import book, choices, outbox
from ledger.database import Write
from nostr_loyalty.commands.outcome import Fact
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.intake.recognition import Letter
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import publications, welcoming


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered: `text` for people; `code` and `facts` for clients, in tags. `promises`: left by it so far.

    `proof`: the document of an attestation, to be signed and handed over. `shows_entries`: the entries are named in
    the text, for an operator. `greets`: a first contact gets the welcome.
    """

    program: ServedProgram
    text: str
    code: str = "answered"
    facts: Mapping[str, Fact] = field(default_factory=dict)
    promises: int = 0
    shows_entries: bool = False
    greets: bool = False
    proof: bytes | None = None


async def answered(w: Write, letter: Letter, said: Said, now: int, dice: Dice) -> int:
    """Promise the answer; how many promises there are for the letter in all."""
    program, message = said.program, letter.message
    text = said.text
    entries = said.facts.get("entries")
    refs = entries if isinstance(entries, list) else []
    if said.shows_entries and refs:
        pointers = [
            nevent_encode(EventPointer(ref, program.relays[:1], program.issuer, registry.ENTRY)) for ref in refs[:3]
        ]
        text = "\n".join([text, *(f"nostr:{pointer}" for pointer in pointers)])
    if said.greets and await _is_first_contact(w, letter, program):
        text = f"{welcoming.welcome(program)}\n\n{text}"
    tags: list[tuple[str, ...]] = [("e", message.ref, "", "reply"), ("answer", said.code), ("a", program.address)]
    tags += [(name, str(fact)) for name, fact in said.facts.items() if isinstance(fact, str | int)]
    tags += [("entry", ref) for ref in refs]
    nip04 = message.rumor.kind == registry.ENCRYPTED_MESSAGE
    promise = publications.letter(program, message.author, text, tags, now, dice(32), nip04=nip04, proof=said.proof)
    await outbox.post(w, [promise], now)
    return said.promises + 1


async def _is_first_contact(w: Write, letter: Letter, program: ServedProgram) -> bool:
    """Whether a customer, or somebody who may become one, has not had the welcome yet; it is remembered for
    customers.
    """
    author = letter.message.author
    if program.operator(author) is not None:
        return False
    found = await book.find_standings(w, [(program.ledger_id, author)])
    if not found:
        return True
    (standing,) = found.values()
    if standing.greeted:
        return False
    await choices.choose(w, standing._replace(greeted=1))
    return True
