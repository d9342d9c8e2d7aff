"""The answer to a letter, as it is promised: in the form in which the letter came, with a welcome the first time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kinds import registry
from kinds.keys import EventPointer, nevent_encode
from ledger import book, choices, newcomers, outbox
from ledger.database import Write
from ledger.newcomers import Newcomer
from nostr_loyalty.commands.outcome import Fact
from nostr_loyalty.desk.facts import Dice
from nostr_loyalty.intake.recognition import Letter, Message
from nostr_loyalty.letters.receipts import Packed
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import answering, publications, qr_code, welcoming, wording
from nostr_loyalty.publishing.helping import TEXT_BYTES_MAX
from nostr_loyalty.publishing.saying import signed
from nostr_loyalty.rules.refusal import Refusal

TOO_MANY: Final = "too-many-letters"
WELCOMES_MAX: Final = 4
"""Programs of one key that welcome somebody at once, where it is not clear which is meant."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered: `text` for people; `code` and `facts` for clients, in tags. `promises`: left by it so far.

    `proof`: the document of an attestation, to be signed and handed over; `receipts`: the customer's entries, likewise,
    in messages of their own (not in the old form, which has no tags). `shows_entries`: the entries are named in the
    text, for an operator. `greets`: a first contact gets the welcome, of `programs` where several are meant.
    `farewell`: where the reader read, who was forgotten by it: the answer goes there, and nothing is looked up for it;
    `forgot`: under which keys. `asker`: somebody else, who is told the same in answer to a message of its own.
    """

    program: ServedProgram
    text: str
    code: str = "answered"
    facts: Mapping[str, Fact] = field(default_factory=dict)
    promises: int = 0
    shows_entries: bool = False
    greets: bool = True
    programs: tuple[ServedProgram, ...] = ()
    proof: bytes | None = None
    receipts: tuple[Packed, ...] = ()
    farewell: tuple[str, ...] | None = None
    forgot: tuple[str, ...] = ()
    asker: tuple[str, str] | None = None


def refused(program: ServedProgram, refusal: Refusal, *, greets: bool = True) -> Said:
    """A rule's no."""
    return Said(program, wording.refusal(program, refusal), code=refusal.code, greets=greets)


def too_many(program: ServedProgram, pause_s: int, *, deeds_are_done: bool) -> Said:
    """To somebody who has had all answers for now; there will be one again in so many seconds. `deeds_are_done`: only
    questions have to wait.
    """
    minutes = max(1, -(-pause_s // 60))
    refusal = Refusal.saying(TOO_MANY, "write again in {minutes} min", minutes=minutes)
    if deeds_are_done:
        refusal = Refusal.saying(
            TOO_MANY, "ask again in {minutes} min; what you want done (redeem, cancel, claim and the like) is done all"
            " the same", minutes=minutes,
        )  # fmt: skip
    return refused(program, refusal, greets=False)


async def answered(w: Write, letter: Letter, said: Said, now: int, dice: Dice) -> int:
    """Promise the answer; how many promises there are for the letter in all."""
    program, message = said.program, letter.message
    welcomes = []
    if said.greets and said.farewell is None:
        about = (said.programs or (program,))[:WELCOMES_MAX]
        welcomes = [welcoming.welcome(one) for one in await _of_first_contact(w, message, about, now)]
    texts = _together(welcomes, _text(said))
    before = _tags(said, message.ref, "welcome")
    nip04 = message.rumor.kind == registry.ENCRYPTED_MESSAGE
    promises = [
        publications.letter(program, message.author, text, before, now, dice(32), nip04=nip04) for text in texts[:-1]
    ]
    tags = _tags(said, message.ref)
    promises.append(
        publications.letter(program, message.author, texts[-1], tags, now, dice(32), nip04=nip04, proof=said.proof)
    )
    if not nip04:
        handed = [("e", message.ref, "", "reply"), ("notice",), ("a", program.address)]
        handed += [("card", str(said.facts["card"]))] if "card" in said.facts else []
        promises += [
            publications.receipts(
                program, message.author, answering.receipts(program, one.first, one.last), handed, one.documents, now,
                dice(32),
            )
            for one in said.receipts
        ]  # fmt: skip
    if said.farewell is not None:
        there = said.farewell
        promises = [one._replace(receiver=None, last_relays=there) if one.receiver else one for one in promises]
    if said.asker is not None:
        key, ref = said.asker
        promises.append(publications.letter(program, key, _text(said), _tags(said, ref), now, dice(32)))
    await outbox.post(w, promises, now)
    return said.promises + len(promises)


def _text(said: Said) -> str:
    """The words, with links to the entries and with the code as a picture, where there are any."""
    parts = [said.text]
    if said.shows_entries:
        program = said.program
        parts += [
            "nostr:" + nevent_encode(EventPointer(ref, program.relays[:1], program.issuer, registry.ENTRY))
            for ref in _entries(said)[:3]
        ]
    voucher = said.facts.get("voucher")
    if isinstance(voucher, str):
        parts += ["", qr_code.lines(voucher)]
    return "\n".join(parts)


def _tags(said: Said, ref: str, code: str | None = None) -> list[tuple[str, ...]]:
    """The same for clients, in answer to the message `ref`; with a `code` of its own nothing but that is said."""
    tags: list[tuple[str, ...]] = [("e", ref, "", "reply"), ("answer", code or said.code), ("a", said.program.address)]
    if code is None:
        tags += [(name, _told(name, fact)) for name, fact in said.facts.items() if isinstance(fact, str | int)]
        tags += [("entry", entry) for entry in _entries(said)]
    return tags


def _entries(said: Said) -> list[str]:
    entries = said.facts.get("entries")
    return entries if isinstance(entries, list) else []


def _told(name: str, fact: str | int) -> str:
    """A fact as a tag has it: a number of points that moved carries its sign (protocol §2)."""
    return signed(fact) if name == "points" and isinstance(fact, int) else str(fact)


def _together(welcomes: Sequence[str], text: str) -> list[str]:
    """The welcome and the answer, as one message where one holds all."""
    whole = "\n\n".join([*welcomes, text])
    return [whole] if len(whole.encode()) <= TEXT_BYTES_MAX else [*welcomes, text]


async def _of_first_contact(
    w: Write, message: Message, programs: Sequence[ServedProgram], now: int
) -> list[ServedProgram]:  # fmt: skip
    """Those programs whose customer somebody is, or may become, and whose welcome it has not had yet; it is then
    written down that it has.
    """
    author = message.author
    pairs = {(one.ledger_id, author): one for one in programs if one.operator(author) is None}
    found = await book.find_standings(w, list(pairs))
    wrote = await newcomers.find(w, [pair for pair in pairs if pair not in found])
    first = []
    for pair, program in pairs.items():
        if pair in found:
            if found[pair].greeted:
                continue
            await choices.choose(w, found[pair]._replace(greeted=1))
        else:
            before = wrote.get(pair, Newcomer(*pair))
            if before.greeted:
                continue
            await newcomers.put(w, before._replace(greeted=1, wrote_at=now))
        first.append(program)
    return first
