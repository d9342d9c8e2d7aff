"""Who of a venue's people may do what by message: owner, manager, staff (protocol §10).

An owner may do everything, a manager what moves points and what shows them, staff what happens at the till. Limits by
day are each operator's own; what exceeds them waits for an owner's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nostr_loyalty.rules.program import HandRules

OperatorRole = Literal["owner", "manager", "staff"]

NO_LIMITS: Final = HandRules()
_AT_THE_TILL: Final = frozenset({"redeem", "use", "cancel", "balance", "rewards", "help", "undo"})
_MANAGING: Final = _AT_THE_TILL | {"grant", "revoke", "revoke-entry", "report", "history"}
_VERBS: Final[Mapping[OperatorRole, frozenset[str]]] = {"manager": frozenset(_MANAGING), "staff": _AT_THE_TILL}


@dataclass(frozen=True, slots=True)
class Operator:
    """One of a venue's people, by its public key (hex), with the limits of its hand."""

    key: str
    role: OperatorRole
    hand: HandRules = NO_LIMITS


def may(role: OperatorRole, verb: str) -> bool:
    """Whether this role may use this command."""
    return role == "owner" or verb in _VERBS[role]
