"""What is answered to somebody who asks how things are said, or who said it in another way. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from nostr_loyalty import catalogue
from nostr_loyalty.commands.grammar import Misread
from nostr_loyalty.commands.questions import GuestOf, Key, Named, Who
from nostr_loyalty.commands.usage import USAGES, Reader, usage_of, verbs_for
from nostr_loyalty.commands.vocabulary import VERB
from nostr_loyalty.commands.words import FAULTS
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.saying import say

TEXT_BYTES_MAX: Final = 3_500
"""An answer's length in UTF-8: as a rumor it stays below 4 KB (protocol §7)."""


def help_text(program: ServedProgram, role: Reader | None, topic: str | None, to: str | None = None) -> str:
    """All that a reader may say, one command a line; with a topic (a verb) all about it. `role` None: a customer;
    `to`: whom it is said to, where that is not the program alone.
    """
    reader = role or "customer"
    if topic is not None and topic in USAGES:
        usage = USAGES[topic]
        about = f"{_capital(_text(program, usage.says))}. {_text(program, usage.more)}"
        example = say(program, "For example: {example}", example=_text(program, usage.example))
        return f"{_text(program, usage_of(topic, reader))}\n{about}\n{example}"
    lines = [
        f"{_text(program, usage_of(verb, reader))} — {_text(program, USAGES[verb].says)}" for verb in verbs_for(reader)
    ]
    return bounded(program, [say(program, "What you can write to {title}:", title=to or program.title), *lines])


def misread(program: ServedProgram, misread: Misread, role: Reader | None) -> str:
    """What was not understood, and how it is written; the nearest command; or a short help."""
    reader = role or "customer"
    if misread.fault is not None:
        sentence = _text(program, FAULTS[misread.fault]).format(what=misread.what)
        if misread.verb is None:
            return sentence
        usage = _text(program, usage_of(misread.verb, reader))
        return f"{sentence}\n{say(program, 'It is written like this: {usage}', usage=usage)}"
    if misread.nearest is not None:
        return say(
            program, "This is no command. Did you mean “{nearest}”? Nothing was done. “help” tells what can be"
            " written.", nearest=misread.nearest,
        )  # fmt: skip
    verbs = ", ".join(catalogue.words(program.language, VERB, verb)[0] for verb in verbs_for(reader))
    return say(
        program, "Sorry, I understand only some words: {verbs}. “help” tells more about them. I am the loyalty program"
        " of {title}, and no human reads this.", verbs=verbs, title=program.title,
    )  # fmt: skip


def which_program(language: str, slugs: Iterable[str]) -> str:
    """Asked back where several programs could be meant."""
    message = catalogue.text(language, "Which program? Write its name before the command: {slugs}.")
    return message.format(slugs=", ".join(slugs))


def several(programs: Sequence[ServedProgram], role: Reader | None, *, in_full: bool) -> str:
    """Said to somebody who asks what this is, where one key speaks for several programs; `in_full`: with all that can
    be written. In the language of the first.
    """
    first = programs[0]
    names = ", ".join(f"{one.title} ({one.slug})" for one in programs)
    text = say(
        first, "I speak for several loyalty programs: {names}. Write the name of the one that you mean before what you"
        " want, as in “{slug} help”. No human reads this.", names=names, slug=first.slug,
    )  # fmt: skip
    return f"{text}\n\n{help_text(first, role, None, names)}" if in_full else text


def incomplete_request(program: ServedProgram, tags: Sequence[str]) -> str:
    """Said of a request without words (7413) of which these tags are missing or of another form."""
    return say(
        program, "This request for a reward cannot be read, and nothing was done. Missing, or of another form: {tags}."
        " A request (kind 7413) has the tags a (the program's address), reward (its id), nonce (any text) and"
        " expiration (unix seconds). In words it is “redeem” and the reward.", tags=", ".join(tags),
    )  # fmt: skip


def nobody(program: ServedProgram, whos: Sequence[Who]) -> str:
    """Said of people who could not be found out."""
    return "\n".join(_nobody(program, who) for who in whos)


def bounded(program: ServedProgram, lines: Sequence[str]) -> str:
    """The lines, as far as one message holds them; the last one says how many there would be more."""
    kept: list[str] = []
    length = 0
    for line in lines:
        length += len(line.encode()) + 1
        if kept and length > TEXT_BYTES_MAX:
            return "\n".join([*kept, say(program, "… and {count} more", count=len(lines) - len(kept))])
        kept.append(line)
    return "\n".join(kept)


def _nobody(program: ServedProgram, who: Who) -> str:
    match who:
        case Named(name=name):
            return say(program, "No key was found under the name {name}; give an npub.", name=name)
        case GuestOf(order=order):
            return say(program, "Order {order} is not known, or it names no guest.", order=order)
        case Key(pubkey=pubkey):
            return say(program, "This key is not known: {key}", key=pubkey)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(program: ServedProgram, message: str) -> str:
    return catalogue.text(program.language, message)
