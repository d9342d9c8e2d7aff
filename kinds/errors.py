"""The two ways in which somebody else's bytes can be wrong, and the closed list of their codes.

`NotAdmitted` is about a stranger's bytes: nothing proves who sent them, so they are dropped and counted and never
remembered. `Unreadable` is about something that was signed (or decrypted) and yet is no message for us: it may be
remembered by its id, because its id is now known to be genuine.

Every code of this room is a key of `CODES`, with one sentence for `docs/codes.md`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # NotAdmitted: before or while the signature is checked
        "event-not-json": "The bytes are not one JSON value in valid UTF-8.",
        "event-malformed": "A field of NIP-01 is missing, has the wrong type or the wrong form.",
        "event-too-large": "The event is larger than this project reads.",
        "too-many-tags": "The event has more tags than this project reads.",
        "wrong-id": "The id is not the hash of the event's fields: somebody changed it on the way.",
        "wrong-signature": "The signature does not belong to this id and this public key.",
        # Unreadable: rumors, encryption and wraps
        "document-malformed": "A stored event document is not the canonical form of NIP-01.",
        "rumor-malformed": "The inside of a seal is not an unsigned event.",
        "rumor-wrong-id": "The rumor names an id that is not the hash of its fields.",
        "payload-malformed": "The encrypted text is not base64 of a length that NIP-44 knows.",
        "payload-version": "The encrypted text has a version of NIP-44 other than 2.",
        "payload-wrong-mac": "The encrypted text was not made for this pair of keys, or was changed.",
        "payload-wrong-padding": "The decrypted text is not padded as NIP-44 demands.",
        "payload-too-large": "The encrypted text is larger than this project decrypts.",
        "wrap-wrong-kind": "The outer event is not a gift wrap.",
        "seal-malformed": "The inside of a gift wrap is not a signed event.",
        "seal-wrong-signature": "The seal's id or signature does not hold.",
        "seal-wrong-kind": "The inside of a gift wrap is signed, but is not a seal.",
        "seal-author-differs": "The seal was signed by one key and its message names another: a forgery.",
        "message-malformed": "The message is not a direct message (kind 14).",
        # Unreadable: one family of codes per kind
        "order-wrong-kind": "The event is not a paid order (kind 7412).",
        "order-duplicate-tag": "A tag that an order may carry once is there twice.",
        "order-no-program": "The order names no program (tag a).",
        "order-bad-program": "The order's program address has not the form 37411:<issuer>:<slug>.",
        "order-wrong-issuer": "The order is addressed (tag p) to another key than the program's issuer.",
        "order-no-id": "The order has no id of 1 to 128 characters (tag order).",
        "order-ambiguous-id": "The order's id ends with :refund or :canceled or holds :refund:, as refunds are named.",
        "order-bad-status": "The order's status is none of paid, refunded and canceled.",
        "order-no-amount": "The order has no amount.",
        "order-bad-amount": "The order's amount is not a plain decimal number with a unit.",
        "order-no-time": "The order does not say when it was paid (tag paid_at).",
        "order-bad-time": "The order's time is not a number of unix seconds.",
        "order-bad-customer": "The order's customer_pubkey is not a public key of 64 lower-case hex digits.",
        "order-bad-refund": "A refund id is missing its text, is too long or stands on an order that is not refunded.",
        "order-bad-line": "A line tag of the order is not [line, type, amount, unit] with a known type.",
        "order-bad-item": "An item tag of the order is not [item, id, quantity, amount, unit].",
        "order-bad-payment": "The order's payment is none of lightning, cash, card, internal and ecash.",
        "order-text-too-long": "A note, a table or a payment reference is empty or longer than 1,000 characters.",
        "answer-malformed": "The message is not an answer to an order.",
        "entry-malformed": "The event is not a valid ledger entry (kind 7411).",
        "entry-wrong-issuer": "The entry is signed by another key than its program's issuer.",
        "program-malformed": "The event is not a valid program definition (kind 37411).",
        "card-malformed": "The event is not a valid card (kind 37412).",
        "redemption-malformed": "The message is not a request for a reward (kind 7413).",
        "attestation-malformed": "The event is not a valid attestation (kind 7414).",
        "attestation-wrong-issuer": "The attestation is signed by another key than its program's issuer.",
        "attestation-wrong-subject": "The attestation is about another key than the one that sent it.",
        "attestation-wrong-audience": "The attestation was made for somebody else to read.",
        "attestation-expired": "The attestation is older than it is good for.",
        "attestation-seen-before": "An attestation with this nonce was shown before.",
        "program-set-malformed": "The event is not a set of programs (kind 37413), or its private items are no tags.",
        "badge-malformed": "The event is not a valid badge (kind 30009), or not its issuer's award of one (kind 8).",
        "metadata-malformed": "The event does not say who its key is (kind 0).",
        "handler-malformed": "The event does not say what an application handles (kind 31990).",
        "deletion-malformed": "The event does not ask to delete anything of its author's (kind 5).",
        "vanish-malformed": "The event does not ask any relay to forget its author (kind 62).",
        "nip04-malformed": "The event is not an encrypted message of NIP-04 (kind 4).",
        "nip04-payload-malformed": "The encrypted text is not base64 of whole blocks with an IV, as NIP-04 writes it.",
        "nip04-payload-too-large": "The encrypted text is larger than this project decrypts by NIP-04.",
        "nip04-undecryptable": "The encrypted text was not made for this pair of keys, or was changed on the way.",
        "relay-list-malformed": "The event is not a relay list (kind 10002 or 10050).",
        "relay-auth-malformed": "The event is not an answer to this relay's challenge (kind 22242).",
        "ncryptsec-malformed": "The text is not an encrypted key of NIP-49.",
        "ncryptsec-wrong-password": "The password does not open this encrypted key.",
        # ChainBroken: what a verifier says about a customer's entries
        "chain-empty": "There is no entry to verify.",
        "chain-other-program": "The entries belong to more than one program.",
        "chain-other-customer": "The entries belong to more than one customer.",
        "chain-gap": "The entries' seq is not 1, 2, 3 without a gap.",
        "chain-wrong-prev": "An entry does not name the entry before it.",
        "chain-wrong-balance": "An entry's balance is not the sum of the points so far.",
        "chain-time-reversed": "An entry is dated before the entry that it follows.",
        "chain-duplicate-key": "Two entries carry the same idempotency key.",
    }
)


class KindsError(Exception):
    """A fault in what somebody else wrote: `code` is a key of CODES of the room that raises it, `detail` says where."""

    def __init__(self, code: str, detail: str = "") -> None:
        """`detail` is for a log line and never holds a secret or the whole input."""
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        """The code, then the detail."""
        return f"{self.code}: {self.detail}" if self.detail else self.code


class NotAdmitted(KindsError):
    """A stranger's bytes: dropped and counted, never remembered."""


class Unreadable(KindsError):
    """Signed or decrypted, but not a message for us: may be remembered by its id."""


class ChainBroken(KindsError):
    """A customer's entries do not hold together; `at` is the index (from 0) of the first entry at fault."""

    def __init__(self, code: str, at: int, detail: str = "") -> None:
        """`at` counts entries in the order they were given, from 0."""
        super().__init__(code, detail or f"at entry {at}")
        self.at = at
