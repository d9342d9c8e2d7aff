"""What the venue is told of a relay at which something gets lost (`upkeep.self_test`). Pure."""

from typing import Final, Literal

from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.saying import say

RelayFault = Literal["refuses-old-wraps", "refuses-wraps", "hides-wraps", "refuses-protected"]
WORDS_CHARS_MAX: Final = 200


def told(program: ServedProgram, relay: str, fault: RelayFault, words: str) -> str:
    """The fault and its remedy, as a message to an owner. `words`: what the relay said, of any content and length."""
    match fault:
        case "refuses-old-wraps":
            return say(
                program,
                "{relay} refuses gift wraps that are dated back, as those of all private messages are. It says: "
                "“{words}”. Use another relay for private messages, or let its operator raise the limit to three days "
                "or more (strfry: rejectEventsOlderThanSeconds).",
                relay=relay, words=_quoted(words),
            )  # fmt: skip
        case "refuses-wraps":
            return say(
                program,
                "{relay} refuses gift wraps, in which all private messages travel. It says: “{words}”. Use another "
                "relay for private messages, or let its operator take kind 1059, which is signed by a new key each "
                "time.",
                relay=relay, words=_quoted(words),
            )  # fmt: skip
        case "hides-wraps":
            return say(
                program,
                "{relay} took a gift wrap and does not give it to whom it is for, not even after a login. Private "
                "messages get lost there: use another relay for them.",
                relay=relay,
            )  # fmt: skip
        case "refuses-protected":
            return say(
                program,
                "{relay} takes no protected events (NIP-70) from their author. It says: “{words}”. Guests' entries are "
                "protected while they are private: where no relay of the program takes them, they cannot be shown when "
                "a guest writes “share public”. Add a relay where keys can log in (NIP-42), or let its operator allow "
                "it; one such relay is enough.",
                relay=relay, words=_quoted(words),
            )  # fmt: skip


def _quoted(words: str) -> str:
    """One line, of bounded length, that ends no quotation."""
    return " ".join(words.replace("”", '"').split())[:WORDS_CHARS_MAX]
