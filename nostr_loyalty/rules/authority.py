"""Who of a venue's people may do what by message: owner, manager, staff (protocol §10).

An owner may do everything, a manager what moves points and what shows them, staff what happens at the till. Limits by
day are each operator's own; what exceeds them waits for an owner's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nostr_loyalty.rules.program import HandRules
from nostr_loyalty.rules.refusal import Refusal, Verbs

OperatorRole = Literal["owner", "manager", "staff"]

NO_LIMITS: Final = HandRules()
_AT_THE_TILL: Final = ("redeem", "use", "cancel", "balance", "rewards", "undo", "help")
_MANAGING: Final = ("grant", "revoke", "report", "history", *_AT_THE_TILL)
_VERBS: Final[Mapping[OperatorRole, tuple[str, ...]]] = {"manager": _MANAGING, "staff": _AT_THE_TILL}
_SAID_AS: Final = {"revoke-entry": "revoke"}
"""Commands that people say by another verb."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One of a venue's people, by its public key (hex), with the limits of its hand."""

    key: str
    role: OperatorRole
    hand: HandRules = NO_LIMITS


def may(role: OperatorRole, verb: str) -> bool:
    """Whether this role may use this command."""
    return role == "owner" or _SAID_AS.get(verb, verb) in _VERBS[role]


def beyond(role: OperatorRole, verb: str) -> Refusal:
    """Why this role may not use this command: what it may, and who may use this one."""
    assert role != "owner", "an owner may everything"
    said, own = Verbs(_SAID_AS.get(verb, verb)), Verbs(", ".join(_VERBS[role]))
    if role == "manager":
        return Refusal.saying(
            "role-not-allowed", "a manager may use: {verbs}; for “{verb}” ask an owner", verbs=own, verb=said
        )
    if may("manager", verb):
        return Refusal.saying(
            "role-not-allowed", "staff may use: {verbs}; for “{verb}” ask a manager or an owner", verbs=own, verb=said
        )
    return Refusal.saying("role-not-allowed", "staff may use: {verbs}; for “{verb}” ask an owner", verbs=own, verb=said)
