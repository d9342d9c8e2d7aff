"""The table of every kind of the protocol, section 2: what is written or read, with what is meant for later.

For later are checkpoint, journal, zaps and NIP-98; their `use` is what is planned. `class_of` follows NIP-01's ranges
and answers for any number; `KINDS` says what each of ours is for.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

KindClass = Literal["regular", "replaceable", "ephemeral", "addressable"]
Use = Literal["written", "read", "both"]

METADATA: Final = 0
ENCRYPTED_MESSAGE: Final = 4
DELETION: Final = 5
BADGE_AWARD: Final = 8
SEAL: Final = 13
DIRECT_MESSAGE: Final = 14
VANISH_REQUEST: Final = 62
GIFT_WRAP: Final = 1059
ENTRY: Final = 7411
PAID_ORDER: Final = 7412
REDEMPTION_REQUEST: Final = 7413
ATTESTATION: Final = 7414
CHECKPOINT: Final = 7415
JOURNAL: Final = 7416
ZAP_REQUEST: Final = 9734
ZAP_RECEIPT: Final = 9735
RELAY_LIST: Final = 10002
DM_RELAY_LIST: Final = 10050
EPHEMERAL_GIFT_WRAP: Final = 21059
RELAY_AUTH: Final = 22242
HTTP_AUTH: Final = 27235
FOLLOW_SET: Final = 30000
BADGE_DEFINITION: Final = 30009
HANDLER: Final = 31990
PROGRAM: Final = 37411
CARD: Final = 37412
PROGRAM_SET: Final = 37413


class Kind(NamedTuple):
    """One line of the table. `spec` is a NIP or a section of our protocol; `use` is what we do with it."""

    number: int
    name: str
    kind_class: KindClass
    spec: str
    use: Use


def class_of(kind: int) -> KindClass:
    """How relays keep a kind: NIP-01's ranges. Kinds are 0..65535; those outside every range count as regular."""
    if kind in (0, 3) or 10_000 <= kind < 20_000:
        return "replaceable"
    if 20_000 <= kind < 30_000:
        return "ephemeral"
    if 30_000 <= kind < 40_000:
        return "addressable"
    return "regular"


_ROWS: Final[tuple[tuple[int, str, str, Use], ...]] = (
    (METADATA, "metadata", "NIP-01", "both"),
    (ENCRYPTED_MESSAGE, "encrypted direct message", "NIP-04", "both"),
    (DELETION, "deletion", "NIP-09", "written"),
    (BADGE_AWARD, "badge award", "NIP-58", "written"),
    (SEAL, "seal", "NIP-59", "both"),
    (DIRECT_MESSAGE, "direct message", "NIP-17", "both"),
    (VANISH_REQUEST, "request to vanish", "NIP-62", "read"),
    (GIFT_WRAP, "gift wrap", "NIP-59", "both"),
    (ENTRY, "entry", "protocol section 4", "both"),
    (PAID_ORDER, "paid order", "protocol section 6", "read"),
    (REDEMPTION_REQUEST, "redemption request", "protocol section 10", "read"),
    (ATTESTATION, "attestation", "protocol section 8", "both"),
    (CHECKPOINT, "checkpoint", "protocol section 9", "written"),
    (JOURNAL, "journal", "protocol section 9", "both"),
    (ZAP_REQUEST, "zap request", "NIP-57", "written"),
    (ZAP_RECEIPT, "zap receipt", "NIP-57", "read"),
    (RELAY_LIST, "relay list", "NIP-65", "both"),
    (DM_RELAY_LIST, "DM relay list", "NIP-17", "both"),
    (EPHEMERAL_GIFT_WRAP, "ephemeral gift wrap", "NIP-59", "written"),
    (RELAY_AUTH, "relay authentication", "NIP-42", "written"),
    (HTTP_AUTH, "HTTP authentication", "NIP-98", "read"),
    (FOLLOW_SET, "follow set", "NIP-51", "written"),
    (BADGE_DEFINITION, "badge definition", "NIP-58", "written"),
    (HANDLER, "handler information", "NIP-89", "written"),
    (PROGRAM, "program", "protocol section 3", "both"),
    (CARD, "card", "protocol section 7", "both"),
    (PROGRAM_SET, "program set", "protocol section 12", "both"),
)

KINDS: Final[Mapping[int, Kind]] = MappingProxyType(
    {number: Kind(number, name, class_of(number), spec, use) for number, name, spec, use in _ROWS}
)
"""Every kind of ours by its number."""
