"""A recipe becomes the bytes of an event.

Sealing is a pure function of the recipe, the seed that was drawn when the promise was committed, and the issuer's key:
BIP-340 signs without auxiliary randomness; ephemeral keys, nonces and backdated times of a wrap come from the seed.
So a promise sealed again after a crash has the same id and the same bytes, and nothing more needs to be stored.

Forms of a recipe (JSON; `document` is the canonical form of NIP-01, whose SHA-256 is the event id):
  plain   a document, signed as it stands
  wrap    a document (a rumor), gift-wrapped to `to` (NIP-59)
  notice  a kind 14 to `to`, wrapped, carrying the signed `entry` in its `proof` tag (protocol §7)
  card    a document whose content is encrypted to `to` with NIP-44 before it is signed (protocol §7)
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from kinds import direct_message, gift_wrap, nip44
from kinds.event import Event, Rumor, Template, own_rumor, sign, sign_canonical, to_json
from kinds.keys import SecretKey

CONVERSATIONS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """An event ready to be sent: its id (hex) and its JSON."""

    event_id: str
    text: str


def plain(document: bytes) -> bytes:
    """The recipe of an event that is published in clear."""
    return orjson.dumps({"form": "plain", "document": document.decode()})


def wrap(document: bytes, to: str, at: int) -> bytes:
    """The recipe of a rumor that is gift-wrapped; `at` (unix seconds) is the latest time the wrap may bear."""
    return orjson.dumps({"form": "wrap", "document": document.decode(), "to": to, "at": at})


def notice(entry: bytes, to: str, text: str, tags: list[list[str]], at: int) -> bytes:
    """The recipe of a direct message about an entry; the proof is added when it is sealed."""
    return orjson.dumps({"form": "notice", "entry": entry.decode(), "to": to, "text": text, "tags": tags, "at": at})


def card(template: Template, to: str) -> bytes:
    """The recipe of a private card; the template's content is still readable and encrypted when it is sealed."""
    return orjson.dumps({
        "form": "card", "to": to, "at": template.created_at, "kind": template.kind,
        "tags": template.tags, "text": template.content,
    })  # fmt: skip


class Sealer:
    """Seals recipes for the keys it holds. Safe to use from several threads."""

    def __init__(self, keys: Mapping[str, SecretKey]) -> None:
        """`keys`: issuer's public key (hex) to its secret key."""
        self._keys = dict(keys)
        self._conversation = lru_cache(CONVERSATIONS_REMEMBERED)(self._make_conversation)
        self._forms: dict[str, Callable[[dict[str, object], SecretKey, bytes], Event]] = {
            "plain": self._plain, "wrap": self._wrap, "notice": self._notice, "card": self._card,
        }  # fmt: skip

    def seal(self, issuer: str, recipe: bytes, seed: bytes) -> Sealed:
        """The event of a promise. KeyError: the issuer's key is not held here, or the recipe's form is unknown."""
        fields = orjson.loads(recipe)
        event = self._forms[fields["form"]](fields, self._keys[issuer], seed)
        return Sealed(event.id, to_json(event))

    def _make_conversation(self, issuer: str, other: str) -> bytes:
        return nip44.conversation_key(self._keys[issuer], other)

    def _plain(self, fields: dict[str, object], key: SecretKey, _seed: bytes) -> Event:
        return sign_canonical(_text(fields, "document").encode(), key)

    def _wrap(self, fields: dict[str, object], key: SecretKey, seed: bytes) -> Event:
        return self._give(own_rumor(_text(fields, "document").encode()), fields, key, seed)

    def _notice(self, fields: dict[str, object], key: SecretKey, seed: bytes) -> Event:
        proof = to_json(sign_canonical(_text(fields, "entry").encode(), key))
        extra = [*_tags(fields), ("proof", proof)]
        rumor = direct_message.compose(key.public, [_text(fields, "to")], _text(fields, "text"), extra, _at(fields))
        return self._give(rumor, fields, key, seed)

    def _card(self, fields: dict[str, object], key: SecretKey, seed: bytes) -> Event:
        nonce = hmac.digest(seed, b"card nonce", hashlib.sha256)
        content = nip44.encrypt(_text(fields, "text"), self._conversation(key.public, _text(fields, "to")), nonce)
        kind = fields["kind"]
        assert isinstance(kind, int)
        return sign(Template(kind, _at(fields), tuple(_tags(fields)), content), key)

    def _give(self, rumor: Rumor, fields: dict[str, object], key: SecretKey, seed: bytes) -> Event:
        to = _text(fields, "to")
        conversation = self._conversation(key.public, to)
        return gift_wrap.gift_wrap(rumor, key, to, conversation, seed=seed, now=_at(fields))


def _text(fields: dict[str, object], name: str) -> str:
    value = fields[name]
    assert isinstance(value, str), name
    return value


def _at(fields: dict[str, object]) -> int:
    value = fields["at"]
    assert isinstance(value, int)
    return value


def _tags(fields: dict[str, object]) -> list[tuple[str, ...]]:
    tags = fields["tags"]
    assert isinstance(tags, list)
    return [tuple(tag) for tag in tags]
