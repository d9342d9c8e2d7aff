"""A recipe becomes the bytes of an event.

Sealing is a pure function of the recipe, the seed that was drawn when the promise was committed, and the issuer's key:
BIP-340 signs without auxiliary randomness; ephemeral keys, nonces and backdated times of a wrap come from the seed.
So a promise sealed again after a crash has the same id and the same bytes, and nothing more needs to be stored.

A recipe (JSON) holds facts; what can be made of them later is made here, where nobody's order waits for it:
  plain    a document (NIP-01's canonical form, whose SHA-256 is the event id), signed as it stands; the document is the
           whole recipe (one of an earlier version has it as "document")
  message  a kind 14 to `to`, gift-wrapped (NIP-17, NIP-59)
  notice   the same, carrying the signed `entry` (a document) in its `proof` tag (protocol §7)
  receipts the same, carrying several signed `entries`
  display  the same in an ephemeral wrap, for a kitchen display
  nip04    the same words as a kind 4, for whoever writes so
  card     a customer's standing; a private one is encrypted to the customer with NIP-44 (protocol §7)
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from kinds import card as wire_card
from kinds import direct_message, gift_wrap, nip44
from kinds import nip04 as nip04_kind
from kinds.card import Card, NextExpiry, TierProgress
from kinds.event import Event, Rumor, sign, sign_canonical, to_json
from kinds.keys import SecretKey
from kinds.registry import EPHEMERAL_GIFT_WRAP, GIFT_WRAP


class Sealed(NamedTuple):
    """An event ready to be sent: its id (hex) and its JSON."""

    event_id: str
    text: str


def plain(document: bytes) -> bytes:
    """The recipe of an event that is published in clear."""
    return document


def message(to: str, text: str, tags: Sequence[Sequence[str]], at: int) -> bytes:
    """The recipe of a direct message; `at` (unix seconds) is its time, and the latest that its wrap may bear."""
    return orjson.dumps({"form": "message", "to": to, "text": text, "tags": tags, "at": at})


def notice(entry: bytes, to: str, text: str, tags: Sequence[Sequence[str]], at: int) -> bytes:
    """The recipe of a direct message about an entry; the proof is added when it is sealed."""
    return orjson.dumps({"form": "notice", "entry": entry.decode(), "to": to, "text": text, "tags": tags, "at": at})


def receipts(entries: Sequence[bytes], to: str, text: str, tags: Sequence[Sequence[str]], at: int) -> bytes:
    """The recipe of a direct message with several entries; the proofs are added when it is sealed."""
    documents = [entry.decode() for entry in entries]
    return orjson.dumps({"form": "receipts", "entries": documents, "to": to, "text": text, "tags": tags, "at": at})


def display(to: str, text: str, tags: Sequence[Sequence[str]], at: int) -> bytes:
    """The recipe of a direct message in an ephemeral wrap, which relays pass on at once and do not keep."""
    return orjson.dumps({"form": "display", "to": to, "text": text, "tags": tags, "at": at})


def nip04(to: str, text: str, reply_to: str | None, at: int) -> bytes:
    """The recipe of an answer in the old form (NIP-04), for somebody who asked in it."""
    return orjson.dumps({"form": "nip04", "to": to, "text": text, "reply_to": reply_to, "at": at})


def card(card: Card, name: str | None, at: int) -> bytes:
    """The recipe of a card at the time `at`; a private one has a `name` (its `d`), a public one has none."""
    fields = card._asdict()
    for part in ("tier_progress", "next_expiry"):  # orjson does not take named tuples for arrays
        fields[part] = fields[part] and tuple(fields[part])
    return orjson.dumps({"form": "card", "name": name, "at": at, "card": fields})


class Sealer:
    """Seals recipes for the keys it holds. Safe to use from several threads."""

    def __init__(self, keys: Mapping[str, SecretKey]) -> None:
        """`keys`: issuer's public key (hex) to its secret key."""
        self._keys = dict(keys)
        self._forms: dict[str, Callable[[dict[str, Any], SecretKey, bytes], Event]] = {
            "plain": self._plain, "message": self._message, "notice": self._notice, "card": self._card,
            "nip04": self._nip04, "display": self._display, "receipts": self._receipts,
        }  # fmt: skip

    def seal(self, issuer: str, recipe: bytes, seed: bytes) -> Sealed:
        """The event of a promise. KeyError: the issuer's key is not held here, or the recipe's form is unknown."""
        key = self._keys[issuer]
        if recipe.startswith(b"["):
            event = sign_canonical(recipe, key)
        else:
            fields = orjson.loads(recipe)
            event = self._forms[fields["form"]](fields, key, seed)
        return Sealed(event.id, to_json(event))

    def _plain(self, fields: dict[str, Any], key: SecretKey, _seed: bytes) -> Event:
        return sign_canonical(fields["document"].encode(), key)

    def _message(self, fields: dict[str, Any], key: SecretKey, seed: bytes) -> Event:
        tags = [tuple(tag) for tag in fields["tags"]]
        rumor = direct_message.compose(key.public, [fields["to"]], fields["text"], tags, fields["at"])
        return self._give(rumor, fields, key, seed)

    def _notice(self, fields: dict[str, Any], key: SecretKey, seed: bytes) -> Event:
        return self._receipts({**fields, "entries": [fields["entry"]]}, key, seed)

    def _receipts(self, fields: dict[str, Any], key: SecretKey, seed: bytes) -> Event:
        proofs = [("proof", to_json(sign_canonical(each.encode(), key))) for each in fields["entries"]]
        return self._message({**fields, "tags": [*fields["tags"], *proofs]}, key, seed)

    def _display(self, fields: dict[str, Any], key: SecretKey, seed: bytes) -> Event:
        tags = [tuple(tag) for tag in fields["tags"]]
        rumor = direct_message.compose(key.public, [fields["to"]], fields["text"], tags, fields["at"])
        return self._give(rumor, fields, key, seed, EPHEMERAL_GIFT_WRAP)

    def _nip04(self, fields: dict[str, Any], key: SecretKey, seed: bytes) -> Event:
        payload = nip04_kind.encrypt(fields["text"], key, fields["to"], hmac.digest(seed, b"nip04 iv", "sha256")[:16])
        written = nip04_kind.template(fields["to"], payload, fields["at"], reply_to=fields["reply_to"])
        return sign(written._replace(tags=(*written.tags, ("answer",))), key)  # said by a daemon: see recognition

    def _card(self, fields: dict[str, Any], key: SecretKey, seed: bytes) -> Event:
        card = Card(**fields["card"])
        card = card._replace(
            tier_progress=card.tier_progress and TierProgress(*card.tier_progress),
            next_expiry=card.next_expiry and NextExpiry(*card.next_expiry),
        )
        if fields["name"] is None:
            return sign(wire_card.public_template(card, fields["at"]), key)
        nonce = hmac.digest(seed, b"card nonce", "sha256")
        conversation = nip44.known_conversation_key(key, card.customer)
        encrypted = nip44.encrypt(wire_card.private_text(card), conversation, nonce)
        return sign(wire_card.private_template(fields["name"], encrypted, fields["at"]), key)

    def _give(self, rumor: Rumor, fields: dict[str, Any], key: SecretKey, seed: bytes, kind: int = GIFT_WRAP) -> Event:
        to = fields["to"]
        conversation = nip44.known_conversation_key(key, to)
        return gift_wrap.gift_wrap(rumor, key, to, conversation, seed=seed, now=fields["at"], kind=kind)
