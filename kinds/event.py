"""NIP-01 events: four types for four degrees of trust, and the only ways from one to the next.

    Template   nobody's yet: kind, time, tags, content
    Rumor      authored, unsigned: it has an id, and no proof
    Claimed    what somebody says is an event: its shape is checked, nothing else
    Event      its id was recomputed and its signature holds, or we signed it ourselves

Only `verify`, `verify_many` and `sign` make an Event; code that asks for an Event therefore asks for a checked one.
Ids, public keys and signatures are lower-case hex str everywhere; `tags` is a tuple of non-empty tuples of str
(NIP-01: "an array of one or more strings"; an empty tag array is refused).

Serialisation is orjson's. Its escaping is NIP-01's rule as every implementation at hand practises it: the two-letter
escapes for newline, quote, backslash, tab, return, backspace and form feed, `\\u00xx` for the other control characters
below U+0020, everything else verbatim (U+007F and U+2028 too). Of duplicate keys in an object orjson takes the last;
that is safe, because the id is recomputed from what we took.

All functions are pure and may be called from several threads.
"""

from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from re import compile as _pattern
from typing import Any, Final, NamedTuple

import orjson

from kinds.errors import NotAdmitted, Unreadable
from kinds.keys import SecretKey, verify_signature
from kinds.tags import Tags

EVENT_BYTES_MAX: Final = 256 * 1024
TAGS_MAX: Final = 2_000
KIND_MAX: Final = 65_535
CREATED_AT_END: Final = 2**53
"""Times run from 0 up to, not including, this: what every JSON reader keeps exactly."""

_is_hex = _pattern(r"[0-9a-f]*").fullmatch
_RUMOR_FIELDS = ("pubkey", "created_at", "kind", "tags", "content")
_EVENT_FIELDS = ("id", "pubkey", "created_at", "kind", "tags", "content", "sig")


class Template(NamedTuple):
    """What an event will say, before anybody is its author. `created_at` in unix seconds."""

    kind: int
    created_at: int
    tags: Tags
    content: str


class Rumor(NamedTuple):
    """An event with an author and an id and without a signature (NIP-59). It proves nothing by itself."""

    id: str
    pubkey: str
    created_at: int
    kind: int
    tags: Tags
    content: str


class Claimed(NamedTuple):
    """What somebody says is an event. The shape is checked; the id and the signature are not."""

    id: str
    pubkey: str
    created_at: int
    kind: int
    tags: Tags
    content: str
    sig: str


class Event(NamedTuple):
    """An event whose id and signature hold. Made by `verify`, `verify_many` and `sign` only."""

    id: str
    pubkey: str
    created_at: int
    kind: int
    tags: Tags
    content: str
    sig: str


def canonical(pubkey: str, created_at: int, kind: int, tags: Tags, content: str) -> bytes:
    """NIP-01's serialisation, whose SHA-256 is the id. ValueError for text that UTF-8 cannot hold (lone surrogates)."""
    try:
        return orjson.dumps((0, pubkey, created_at, kind, tags, content))
    except orjson.JSONEncodeError as fault:
        raise ValueError(f"no canonical form: {fault}") from None


def canonical_of(event: Rumor | Event | Claimed) -> bytes:
    """The canonical document of something that has an author."""
    return canonical(event.pubkey, event.created_at, event.kind, event.tags, event.content)


def parse_event(data: bytes | str) -> Claimed:
    """One event as JSON text, at most EVENT_BYTES_MAX long. Raises NotAdmitted for anything else, whatever it is."""
    return claim(_decode(data))


def claim(obj: object) -> Claimed:
    """The same from decoded JSON (the third element of a relay's EVENT message). Raises NotAdmitted.

    Checked: each of the seven fields is there and has its exact type (an int is neither bool nor float), hex is lower
    case and of its length, 0 <= kind <= 65535, 0 <= created_at < 2**53, at most TAGS_MAX tags, no lone surrogates.
    Fields that NIP-01 does not know are ignored: the id does not cover them.
    """
    if type(obj) is not dict:
        raise NotAdmitted("event-malformed", "not a JSON object")
    try:
        id_, pubkey, created_at, kind, tags, content, sig = [obj[name] for name in _EVENT_FIELDS]
    except KeyError as missing:
        raise NotAdmitted("event-malformed", f"no {missing.args[0]}") from None
    if not (type(id_) is str and type(pubkey) is str and type(sig) is str):
        raise NotAdmitted("event-malformed", "id, pubkey or sig is not a string")
    if len(id_) != 64 or len(pubkey) != 64 or len(sig) != 128 or _is_hex(id_ + pubkey + sig) is None:
        raise NotAdmitted("event-malformed", "id, pubkey or sig is not lower-case hex of its length")
    checked = _checked_body(created_at, kind, tags, content)
    return Claimed(id_, pubkey, created_at, kind, checked, content, sig)


def verify(claimed: Claimed) -> Event:
    """The event, once its id is recomputed and its signature holds. NotAdmitted "wrong-id", "wrong-signature"."""
    document = canonical_of(claimed)
    if len(document) > EVENT_BYTES_MAX:
        raise NotAdmitted("event-too-large", f"{len(document)} bytes")
    digest = sha256(document)
    if digest.hexdigest() != claimed.id:
        raise NotAdmitted("wrong-id")
    if not verify_signature(claimed.pubkey, digest.digest(), bytes.fromhex(claimed.sig)):
        raise NotAdmitted("wrong-signature")
    return Event._make(claimed)


def verify_many(claims: Iterable[Claimed]) -> list[Event | NotAdmitted]:
    """`verify` of each, in the same order, with the exception in the place of an event that was refused.

    Meant to be called in a worker thread with a chunk of 64 or so: the C library releases the interpreter's lock.
    """
    results: list[Event | NotAdmitted] = []
    for claimed in claims:
        try:
            results.append(verify(claimed))
        except NotAdmitted as refused:
            results.append(refused)
    return results


def author(template: Template, pubkey: str) -> Rumor:
    """The template as `pubkey`'s: computes the id."""
    kind, created_at, tags, content = template
    return Rumor(document_of(template, pubkey)[0], pubkey, created_at, kind, tags, content)


def document_of(template: Template, pubkey: str) -> tuple[str, bytes]:
    """The id and the canonical document of the template as `pubkey`'s, where no more is wanted of the rumor."""
    kind, created_at, tags, content = template
    document = canonical(pubkey, created_at, kind, tags, content)
    return sha256(document).hexdigest(), document


def sign(template_or_rumor: Template | Rumor, key: SecretKey) -> Event:
    """Sign with BIP-340 and no auxiliary randomness: the same input gives the same bytes, today and after a crash.

    ValueError if a rumor has another author than `key`.
    """
    rumor = author(template_or_rumor, key.public) if isinstance(template_or_rumor, Template) else template_or_rumor
    if rumor.pubkey != key.public:
        raise ValueError("a rumor can be signed by its author only")
    return Event(*rumor, key.sign(bytes.fromhex(rumor.id)).hex())


def rumor_from_canonical(document: bytes) -> Rumor:
    """The rumor whose canonical form is `document`; its id is the document's SHA-256.

    Raises Unreadable "document-malformed" if the document is not in canonical form, byte by byte.
    """
    try:
        fields = orjson.loads(document)
        zero, pubkey, created_at, kind, tags, content = fields
        _check_pubkey(pubkey)
        rumor_tags = _checked_body(created_at, kind, tags, content)
        if zero != 0 or canonical(pubkey, created_at, kind, rumor_tags, content) != document:
            raise ValueError("not canonical")
    except (ValueError, TypeError, NotAdmitted) as fault:
        raise Unreadable("document-malformed", str(fault)) from None
    return Rumor(sha256(document).hexdigest(), pubkey, created_at, kind, rumor_tags, content)


def sign_canonical(document: bytes, key: SecretKey) -> Event:
    """Sign a document that `canonical` made before and nobody could change since: nothing is checked again."""
    _, pubkey, created_at, kind, tags, content = orjson.loads(document)
    digest = sha256(document)
    return Event(digest.hexdigest(), pubkey, created_at, kind, tags, content, key.sign(digest.digest()).hex())


def to_json(event: Event | Claimed) -> str:
    """The event as one line of JSON, as relays take it."""
    return orjson.dumps(event._asdict()).decode()


def rumor_json(rumor: Rumor) -> str:
    """The rumor as one line of JSON, with its id and without a signature."""
    return orjson.dumps(rumor._asdict()).decode()


def parse_rumor(text: str | bytes) -> Rumor:
    """A rumor from JSON: the id is recomputed, and one that is named must be right; a `sig` is ignored.

    Raises Unreadable "rumor-malformed" or "rumor-wrong-id".
    """
    try:
        obj = _decode(text)
        if type(obj) is not dict:
            raise NotAdmitted("event-malformed", "not a JSON object")
        pubkey, created_at, kind, raw_tags, content = [obj[name] for name in _RUMOR_FIELDS]
        _check_pubkey(pubkey)
        tags = _checked_body(created_at, kind, raw_tags, content)
    except KeyError as missing:
        raise Unreadable("rumor-malformed", f"no {missing.args[0]}") from None
    except NotAdmitted as fault:
        raise Unreadable("rumor-malformed", str(fault)) from None
    rumor = author(Template(kind, created_at, tags, content), pubkey)
    if "id" in obj and obj["id"] != rumor.id:
        raise Unreadable("rumor-wrong-id")
    return rumor


def _decode(data: bytes | str) -> Any:
    if len(data) > EVENT_BYTES_MAX:
        raise NotAdmitted("event-too-large", f"{len(data)} bytes or characters")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise NotAdmitted("event-not-json", str(fault)) from None


def _check_pubkey(pubkey: object) -> None:
    if type(pubkey) is not str or len(pubkey) != 64 or _is_hex(pubkey) is None:
        raise NotAdmitted("event-malformed", "pubkey is not 64 lower-case hex digits")


def _checked_body(created_at: object, kind: object, tags: object, content: object) -> Tags:
    """Check the four fields that templates have; return the tags as tuples. Raises NotAdmitted."""
    if type(created_at) is not int or not 0 <= created_at < CREATED_AT_END:
        raise NotAdmitted("event-malformed", "created_at is not a number of seconds")
    if type(kind) is not int or not 0 <= kind <= KIND_MAX:
        raise NotAdmitted("event-malformed", "kind is not a number of 0..65535")
    if type(content) is not str:
        raise NotAdmitted("event-malformed", "content is not a string")
    if type(tags) is not list:
        raise NotAdmitted("event-malformed", "tags is not an array")
    if len(tags) > TAGS_MAX:
        raise NotAdmitted("too-many-tags", f"{len(tags)} tags")
    if not (set(map(type, tags)) <= {list} and all(tags)):
        raise NotAdmitted("event-malformed", "a tag is not an array of one or more strings")
    try:
        text = "".join(chain.from_iterable(tags))  # at C speed, and it refuses whatever is not a string
        if not (content.isascii() and text.isascii()):
            (text + content).encode()  # refuses lone surrogates
    except (TypeError, UnicodeEncodeError):
        raise NotAdmitted("event-malformed", "a tag or the content holds something else than text") from None
    if len(text) + len(content) > EVENT_BYTES_MAX:
        raise NotAdmitted("event-too-large", f"{len(text) + len(content)} characters")
    return tuple(map(tuple, tags))
