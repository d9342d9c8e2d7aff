"""What is said after a choice or a command: that it is done, why it is not, or that an owner has to say yes. Pure."""

import difflib
from collections.abc import Mapping
from typing import Final

from kinds.keys import npub_encode
from ledger.book import Standing
from nostr_loyalty import catalogue
from nostr_loyalty.commands.command import Redeem, Request
from nostr_loyalty.commands.fields import to_fields
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.commands.questions import Notices, Sharing
from nostr_loyalty.commands.words import WORD_MAX, fold
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.publishing.saying import key_shown, say
from nostr_loyalty.rules.refusal import Points, Refusal

LIKE: Final = 0.6
"""How like a reward's name a word must be to be taken for a slip of the pen; 1 is the same."""

# -- choices ------------------------------------------------------------------------------------------------------


def sharing_chosen(program: ServedProgram, sharing: Sharing, *, withdrawn: int, brought: int = 0) -> str:
    """After `share`. `withdrawn`: up to this entry relays were asked to delete what was public, 0: never. `brought`: so
    many entries that were private are on their way to the relays, which may not take them.
    """
    if sharing == "private":
        return say(
            program, "Your entries and your card at {title} are private now. The relays were asked to delete what was"
            " public, badges too. This cannot be taken back: entries that were public stay private from here on. What"
            " somebody has copied stays copied.", title=program.title,
        )  # fmt: skip
    parts = [_made_public(program, withdrawn)]
    if brought:
        parts.append(say(
            program, "Your entries of the past are being brought to the relays; if none of them takes them, I will tell"
            " you.",
        ))  # fmt: skip
    parts.append(say(
        program, "If you write “share private” later, relays are asked to delete all this, and it cannot be shown"
        " again.",
    ))  # fmt: skip
    return " ".join(parts)


def _made_public(program: ServedProgram, withdrawn: int) -> str:
    if withdrawn:
        return say(
            program, "Your card at {title} and your entries after number {number} are public now. Those up to number"
            " {number} stay private: relays were asked to delete them, and do not take them again.",
            title=program.title, number=withdrawn,
        )  # fmt: skip
    return say(program, "Your entries and your card at {title} are public from now on.", title=program.title)


def sharing_chosen_early(program: ServedProgram, sharing: Sharing) -> str:
    """After `share` by somebody who has no card yet."""
    if sharing == "private":
        return say(
            program, "You have no card at {title} yet. When you have one, it and your entries are private from the"
            " first one on.", title=program.title,
        )  # fmt: skip
    return say(
        program, "You have no card at {title} yet. When you have one, it and your entries are public from the first one"
        " on. If you write “share private” later, relays are asked to delete all this, and it cannot be shown again.",
        title=program.title,
    )  # fmt: skip


def not_shown(program: ServedProgram) -> str:
    """To a guest whose entries of the past were to be public, where no relay has taken one of them."""
    return say(
        program, "Not all of your entries of the past at {title} could be made public: its relays do not take what was"
        " private before. Those stay private; your card and what is booked from now on are public. They are"
        " brought again when the venue has other relays, or when you write “share public”.", title=program.title,
    )  # fmt: skip


def notices_chosen(program: ServedProgram, notices: Notices) -> str:
    """After `notify`."""
    match notices:
        case "all":
            return say(program, "You are told of everything that happens to your points.")
        case "important":
            return say(
                program, "You are told only of what is important: points taken or about to run out, codes, tiers."
            )
        case "off":
            return say(program, "You are told of nothing any more but what you ask.")


def badge_chosen(program: ServedProgram, *, wanted: bool, had_some: bool = True) -> str:
    """After `badge`; `had_some`: relays were asked to delete those that there may be."""
    if wanted:
        return say(program, "You get the badge of your tier; everybody can see it.")
    if not had_some:
        return say(program, "You get no badges.")
    return say(
        program, "You get no badges any more. The relays were asked to delete those that you had; what somebody has"
        " copied stays copied."
    )  # fmt: skip


def language_chosen(program: ServedProgram) -> str:
    """After `language`, in that language."""
    return say(program, "From now on I write to you in English.")


def no_such_language(program: ServedProgram, code: str) -> str:
    """After `language` with one that is not spoken."""
    known = ", ".join(f"{code} ({name})" for code, name in catalogue.languages().items())
    return say(program, "I do not speak {language}. There are: {known}.", language=code, known=known)


def forgetting(program: ServedProgram, standing: Standing) -> str:
    """The warning before somebody is forgotten."""
    return say(
        program, "If you are forgotten, your {points} at {title} are gone for good. What was public is asked to be"
        " deleted. The books keep your entries under another name: only who has both the books and your key can tell"
        " that it was you. To go on, write “forget me yes”.",
        points=program.amount_of(standing.balance), title=program.title,
    )  # fmt: skip


def forgotten(program: ServedProgram) -> str:
    """The farewell."""
    return say(program, "You are forgotten at {title}. Thank you for having been our guest, and good-bye.",
               title=program.title)  # fmt: skip


def paused(program: ServedProgram) -> str:
    """After `pause`."""
    return say(program, "{title} is paused: orders earn nothing until you write “resume”.", title=program.title)


def resumed(program: ServedProgram) -> str:
    """After `resume`."""
    return say(program, "{title} goes on: orders earn points again.", title=program.title)


# -- commands -----------------------------------------------------------------------------------------------------


def no_card(program: ServedProgram, customer: str | None = None) -> str:
    """Said of somebody whom the program does not know; without `customer` (hex): to the one who has none."""
    if customer is None:
        return say(program, "You have no card at {title} yet; it comes with the first order.", title=program.title)
    key = key_shown(customer)
    return say(
        program, "{title} has no card for {key} yet; it comes with the first order.", title=program.title, key=key
    )


def outcome(program: ServedProgram, request: Request, came: Outcome) -> str:
    """What became of a command, in the program's language."""
    if came.code == "customer-unknown" and request.role == "customer":
        return _no_card_for(program, request)
    if came.refusal is not None:
        return _no(program, request, came.refusal)
    if came.result == "duplicate":
        return say(program, "Done before.")
    return came.text


def _no(program: ServedProgram, request: Request, refused: Refusal) -> str:
    """A rule's no, as its asker needs it: whose points are missing, and which reward was perhaps meant."""
    if refused.code == "points-missing" and request.role == "operator":
        refused = Refusal.saying("points-missing", "The guest has {have} of {cost}", **dict(refused.values))
    if refused.code != "reward-unknown" or not isinstance(request.command, Redeem):
        return wording.refusal(program, refused)
    sentence = wording.refusal(program, Refusal("reward-unknown"))
    near = _like(program, request.command.reward)
    if near is None:
        return f"{sentence} {say(program, '“rewards” tells what there is.')}"
    return f"{sentence} {say(program, 'Did you mean “{nearest}”? “rewards” tells what there is.', nearest=near)}"


def _like(program: ServedProgram, said: str) -> str | None:
    """The id of the reward whose id or title is most like what was said."""
    names = {fold(name): one.id for one in program.rules.rewards for name in (one.title, one.id)}
    found = difflib.get_close_matches(fold(said), names, n=1, cutoff=LIKE) if len(said) <= WORD_MAX else []
    return names[found[0]] if found else None


def _no_card_for(program: ServedProgram, request: Request) -> str:
    """The same to a customer who asked for something; of a reward also what it costs."""
    text = no_card(program)
    reward = program.rules.reward(request.command.reward) if isinstance(request.command, Redeem) else None
    if reward is None:
        return text
    missing = Refusal.saying("points-missing", "You have {have} of {cost}", have=0, cost=Points(reward.cost))
    return f"{text} ({wording.detail(program, missing)})"


def waits_for_owner(program: ServedProgram) -> str:
    """To the asker of what exceeds its limits."""
    return say(program, "This is above your limit. The owners were asked; it is done when one of them confirms it.")


def please_confirm(program: ServedProgram, request: Request, code: str) -> str:
    """To the owners: what somebody asks for above its limits, and how to allow it."""
    return say(
        program, "{asker} asks for this at {title}, above the limit: {command}. To allow it, write “confirm {code}”"
        " within a day.", asker=key_shown(request.actor), title=program.title, command=_command(request), code=code,
    )  # fmt: skip


def nothing_to_confirm(program: ServedProgram) -> str:
    """To an owner with a code that waits for nothing."""
    return say(program, "Nothing waits for this code; compare it with the message, letter by letter.")


def confirmed_before(program: ServedProgram) -> str:
    """To an owner who comes too late."""
    return say(program, "This was confirmed before, or a day has passed; it has to be asked for again.")


def too_late(program: ServedProgram) -> str:
    """To a client whose request has expired."""
    return say(program, "The request has expired; nothing was done. Send it again if it is still meant.")


def _command(request: Request) -> str:
    """The command as it could be written, people by their npub."""
    fields: Mapping[str, str | int] = to_fields(request.command)
    return " ".join(
        npub_encode(str(value)) if name in ("who", "old", "new", "friend") else str(value)
        for name, value in fields.items() if value != ""
    )  # fmt: skip
