"""How each command is written, what it does, and for whom it is: what `help` tells. In English; `wording` translates.

The signs of a usage: <in these> stands what is to be put there, [in these] what may be left out, a|b is a choice.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from nostr_loyalty.rules.authority import OperatorRole, may

Reader = OperatorRole | Literal["customer"]


class Usage(NamedTuple):
    """One verb. `line` is how it is written; `says` what it does, in a few words; `more` is the rest, in sentences,
    with an example. `customer`: for customers (too); `operator`: for operators (too), as far as their role may.
    """

    line: str
    says: str
    more: str
    operator: bool = False
    customer: bool = False


USAGES: Final[Mapping[str, Usage]] = MappingProxyType({
    "grant": Usage(
        "grant <who> <points> [reason]", "gives points",
        "The reason is told to the guest. Example: grant bob@example.com 50 for the long wait", operator=True,
    ),
    "revoke": Usage(
        "revoke <who> <points> [reason]", "takes points, or takes an entry back",
        "With an entry (nevent, note or hex) in place of who and points, what is left of that entry is taken back."
        " Example: revoke nevent1… booked twice", operator=True,
    ),
    "redeem": Usage(
        "redeem <reward>", "takes a reward's points and gives a code",
        "The reward is named by its title or its id. An operator who redeems for a guest names the guest first."
        " Example: redeem free coffee", operator=True, customer=True,
    ),
    "use": Usage(
        "use <code> [amount unit] [order <id>]", "takes a code at the till",
        "With the bill's amount a discount that is larger than the bill costs only its share."
        " Example: use 7H2K-9QWE-4M1N-0PZX 4.50 EUR", operator=True,
    ),
    "cancel": Usage(
        "cancel <code>", "gives a code's points back",
        "Only a code that was not used can be cancelled. Example: cancel 7H2K-9QWE-4M1N-0PZX",
        operator=True, customer=True,
    ),
    "refund": Usage(
        "refund <order> [amount unit]", "takes the points of an order back",
        "With an amount, its share of the points only. Example: refund 1042 3.50 EUR", operator=True,
    ),
    "balance": Usage(
        "balance [who]", "tells the points and the tier",
        "Operators may ask for a guest, too. Example: balance order 1042", operator=True, customer=True,
    ),
    "history": Usage(
        "history [who] [number]", "tells the last entries",
        "Operators may ask for a guest, too. Example: history 20", operator=True, customer=True,
    ),
    "rewards": Usage(
        "rewards", "tells what points can buy", "With each reward stands what is missing for it.",
        operator=True, customer=True,
    ),
    "claim": Usage(
        "claim <code>", "takes the points of a receipt",
        "The code stands on the receipt; it is good once. Example: claim 7H2K-9QWE-4M1N-0PZX", customer=True,
    ),
    "feedback": Usage(
        "feedback <text>", "tells the venue how your last order was",
        "Where the program gives points for it, it gives them once for an order. Example: feedback the cake was great",
        customer=True,
    ),
    "refer": Usage(
        "refer <who>", "brings a friend",
        "The friend must not have ordered before; points come some days after the friend's first order."
        " Example: refer bob@example.com", customer=True,
    ),
    "prove": Usage(
        "prove <claim> to <who>", "gives you a statement about yourself, for one reader",
        "A claim is: tier gold, or points 100, or visits 5 90d, or member. It is good for a day, and for this reader"
        " only. Example: prove tier gold to bob@example.com", customer=True,
    ),
    "proof": Usage(
        "proof", "shows that your points are in the published total",
        "The answer holds what is needed to check it without trusting the venue.", customer=True,
    ),
    "share": Usage(
        "share public|private", "chooses who sees your points",
        "Public: your entries and your card are on relays for everybody. Private: only you can read them, and what was"
        " public is asked to be deleted.", customer=True,
    ),
    "notify": Usage(
        "notify off|important|all", "chooses what you are told",
        "Important: points taken or about to run out, codes, a tier in danger. Answers to your own commands always"
        " come.", customer=True,
    ),
    "badge": Usage(
        "badge on|off", "chooses whether your tier's badge is published",
        "A badge is seen by everybody. It is only given when you ask for it.", customer=True,
    ),
    "language": Usage("language <code>", "chooses the language", "Example: language es", customer=True),
    "forget me": Usage(
        "forget me", "forgets you and your points",
        "What that means is told first; nothing is forgotten before you say yes.", customer=True,
    ),
    "freeze": Usage(
        "freeze <who>", "stops a guest from spending", "The guest goes on earning. Example: freeze order 1042",
        operator=True,
    ),
    "unfreeze": Usage(
        "unfreeze <who>", "lets a guest spend again", "Example: unfreeze bob@example.com", operator=True,
    ),
    "relink": Usage(
        "relink <old> <new>", "moves a guest's points to a new key",
        "For a lost key. Everything moves: points, tier, visits and codes. Example: relink npub1old… npub1new…",
        operator=True,
    ),
    "release": Usage(
        "release <order>", "books the points of an order that was held", "Example: release 1042", operator=True,
    ),
    "drop": Usage("drop <order>", "drops the points of an order that was held", "Example: drop 1042", operator=True),
    "undo": Usage(
        "undo", "takes your last command back", "Within the time that the program allows.", operator=True,
    ),
    "confirm": Usage(
        "confirm <code>", "allows what exceeded somebody's limit",
        "The code stands in the message that asked for it. Example: confirm 7H2K-9QWE-4M1N-0PZX", operator=True,
    ),
    "pause": Usage("pause", "stops the earning of points", "Orders earn nothing until the program is resumed.",
                   operator=True),
    "resume": Usage("resume", "starts the earning of points again", "For a program that was paused.", operator=True),
    "report": Usage(
        "report [today|week|month]", "tells how it goes", "Points, guests and sales. Example: report week",
        operator=True,
    ),
    "help": Usage(
        "help [command]", "tells what can be said", "Example: help redeem", operator=True, customer=True,
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
