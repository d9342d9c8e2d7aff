"""How each command is written, what it does, and for whom it is: what `help` tells. In English; `wording` translates.

The signs of a usage: <in these> stands what is to be put there, [in these] what may be left out, a|b is a choice.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from nostr_loyalty.rules.authority import OperatorRole, may

Reader = OperatorRole | Literal["customer"]


class Usage(NamedTuple):
    """One verb. `line` is how it is written; `says` what it does, in a few words; `more` is the rest, in sentences.
    `customer`: for customers (too); `operator`: for operators (too), as far as their role may.
    """

    line: str
    says: str
    example: str
    more: str
    operator: bool = False
    customer: bool = False


USAGES: Final[Mapping[str, Usage]] = MappingProxyType({
    "grant": Usage(
        "grant <who> <points> [reason]", "gives points", "grant bob@example.com 50 for the long wait",
        "The guest is told the reason.", operator=True,
    ),
    "revoke": Usage(
        "revoke <who> <points> [reason]", "takes points, or takes an entry back", "revoke order 1042 20 booked twice",
        "With an entry (nevent, note or hex) in place of who and points, what is left of that entry is taken back.",
        operator=True,
    ),
    "redeem": Usage(
        "redeem <reward>", "takes a reward's points and gives a code", "redeem free coffee",
        "The reward is named by its title or its id. An operator who redeems for a guest names the guest first.",
        operator=True, customer=True,
    ),
    "use": Usage(
        "use <code> [amount unit] [order <id>]", "takes a code at the till", "use 7H2K-9QWE-4M1N-0PZX 4.50 EUR",
        "With the bill's amount a discount that is larger than the bill costs only its share.", operator=True,
    ),
    "cancel": Usage(
        "cancel <code>", "gives a code's points back", "cancel 7H2K-9QWE-4M1N-0PZX",
        "Only a code that was not used can be cancelled.", operator=True, customer=True,
    ),
    "refund": Usage(
        "refund <order> [amount unit]", "takes the points of an order back", "refund 1042 3.50 EUR",
        "With an amount, its share of the points only.", operator=True,
    ),
    "balance": Usage(
        "balance [who]", "tells the points and the tier", "balance order 1042", "Operators may ask for a guest, too.",
        operator=True, customer=True,
    ),
    "history": Usage(
        "history [who] [number] [before]", "tells the last entries", "history 20",
        "Operators may ask for a guest, too. Your own come with your signed receipts, for your app to keep. “history"
        " 100 101” tells the hundred entries before number 101.", operator=True, customer=True,
    ),
    "rewards": Usage(
        "rewards", "tells what points can buy", "rewards", "With each reward stands what is missing for it.",
        operator=True, customer=True,
    ),
    "claim": Usage(
        "claim <code>", "takes the points of a receipt", "claim 7H2K-9QWE-4M1N-0PZX",
        "The code stands on the receipt; it is good once.", customer=True,
    ),
    "feedback": Usage(
        "feedback <text>", "tells the venue how your last order was", "feedback the cake was great",
        "Where the program gives points for it, it gives them once for an order.", customer=True,
    ),
    "refer": Usage(
        "refer <who>", "brings a friend", "refer bob@example.com",
        "The friend must not have ordered before; points come some days after the friend's first order.",
        customer=True,
    ),
    "prove": Usage(
        "prove <claim> to <who>", "gives you a statement about yourself, for one reader",
        "prove tier gold to bob@example.com",
        "A claim is: tier gold, or points 100, or visits 5 90d, or member. It is good for a day, and for this reader"
        " only.", customer=True,
    ),
    "proof": Usage(
        "proof", "shows that your points are in the published total", "proof",
        "Not yet: no program publishes its total so far.", customer=True,
    ),
    "share": Usage(
        "share public|private", "chooses who sees your points", "share private",
        "Public: your entries and your card are on relays for everybody. Private: only you can read them; what was"
        " public is asked to be deleted, and cannot be shown again.", customer=True,
    ),
    "notify": Usage(
        "notify off|important|all", "chooses what you are told", "notify important",
        "Important: points taken or about to run out, codes, a tier in danger. Answers to your own commands always"
        " come. Where everybody can see your entries, what orders earn is told only to those who asked for all.",
        customer=True,
    ),
    "badge": Usage(
        "badge on|off", "chooses whether your tier's badge is published", "badge on",
        "A badge is seen by everybody. It is only given when you ask for it.", customer=True,
    ),
    "language": Usage(
        "language <code>", "chooses the language", "language es", "The venue's own is spoken until you choose.",
        customer=True,
    ),
    "forget me": Usage(
        "forget me", "forgets you and your points", "forget me",
        "What that means is told first; nothing is forgotten before you say yes.", customer=True,
    ),
    "freeze": Usage(
        "freeze <who>", "stops a guest from spending", "freeze order 1042", "The guest goes on earning.",
        operator=True,
    ),
    "unfreeze": Usage(
        "unfreeze <who>", "lets a guest spend again", "unfreeze bob@example.com", "What was earned meanwhile counts.",
        operator=True,
    ),
    "relink": Usage(
        "relink <old> <new>", "moves a guest's points to a new key", "relink order 1042 bob@example.com",
        "For a lost key. Everything moves: points, tier, visits and codes.", operator=True,
    ),
    "release": Usage(
        "release <order>", "books the points of an order that was held", "release 1042",
        "For an order that came as one of too many on a day. If its points are not held, it counts as looked at.",
        operator=True,
    ),
    "drop": Usage(
        "drop <order>", "drops the points of an order that was held", "drop 1042",
        "For an order that came as one of too many on a day.", operator=True,
    ),
    "undo": Usage(
        "undo", "takes your last command back", "undo", "Within the time that the program allows. What can be undone:"
        " grant, revoke (points), redeem, use (of a whole code), freeze and unfreeze.", operator=True,
    ),
    "confirm": Usage(
        "confirm <code>", "allows what exceeded somebody's limit", "confirm 7H2K-9QWE-4M1N-0PZX",
        "The code stands in the message that asked for it.", operator=True,
    ),
    "pause": Usage(
        "pause", "stops the earning of points", "pause", "Orders earn nothing until the program is resumed.",
        operator=True,
    ),
    "resume": Usage(
        "resume", "starts the earning of points again", "resume", "For a program that was paused.", operator=True,
    ),
    "report": Usage(
        "report [today|week|month]", "tells how it goes", "report week", "Points, guests and orders.", operator=True,
    ),
    "help": Usage(
        "help [command]", "tells what can be said", "help redeem", "With a command: all about it.", operator=True,
        customer=True,
    ),
})  # fmt: skip
"""Every verb of the grammar, in the order in which help tells them."""

FOR_SOMEBODY: Final = "redeem <who> <reward>"
"""How an operator redeems for a guest."""


def usage_of(verb: str, reader: Reader) -> str:
    """How the verb is written by this reader."""
    return FOR_SOMEBODY if verb == "redeem" and reader != "customer" else USAGES[verb].line


def verbs_for(reader: Reader) -> tuple[str, ...]:
    """The verbs that a reader may use."""
    if reader == "customer":
        return tuple(verb for verb, usage in USAGES.items() if usage.customer)
    return tuple(verb for verb, usage in USAGES.items() if usage.operator and may(reader, verb))
