"""What a key says in its own name (profile, relays, badges, lists), said again only when it has changed.

Rules:
- Published when the content differs from what was said last under the same name, and only then.
- `created_at` strictly increases from one to the next: of two in one second the lowest id would win (NIP-01; Bug 69).
- What was said and is no longer meant is withdrawn by a request to delete (NIP-09).
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

import orjson

from kinds import deletion
from kinds.event import Template, author, canonical_of
from ledger import announcements, outbox
from ledger.database import Write
from ledger.outbox import Promise
from nostr_loyalty.errors import ConfigInvalid
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.publications import LANE_DEFINITION

DOCUMENT_BYTES_MAX: Final = 60_000
"""An event: relays commonly take 65,536 bytes."""
WITHDRAWN: Final = "00" * 32
"""Stands in place of the digest of what is no longer said."""

Dice = Callable[[int], bytes]


class Said(NamedTuple):
    """Something to say: the `name` under which it is remembered, a `label` for people, and the event at time 0."""

    name: str
    label: str
    template: Template


async def announce(
    w: Write, speaker: str, said: Said, relays: tuple[str, ...], acks: int, now: int, dice: Dice
) -> bool:  # fmt: skip
    """Promise what `speaker` (a public key, hex) says if it has changed; whether it has.

    ConfigInvalid: it is larger than relays take.
    """
    digest = digest_of(said.template)
    last = await announcements.last(w, speaker, said.name)
    if last is not None and last[0] == digest:
        return False
    created_at = now if last is None else max(now, last[1] + 1)
    document = canonical_of(author(said.template._replace(created_at=created_at), speaker))
    if len(document) > DOCUMENT_BYTES_MAX:
        raise ConfigInvalid(
            [f"{said.label} has {len(document)} bytes, and relays take at most {DOCUMENT_BYTES_MAX}; shorten it"]
        )
    await announcements.say(w, speaker, said.name, digest, created_at)
    await outbox.post(
        w, [promise(said.label, speaker, document, dice(32), relays, acks, _key(speaker, said.name))], now
    )
    return True


async def withdraw(
    w: Write, speaker: str, name: str, address: str, relays: tuple[str, ...], acks: int, now: int, dice: Dice
) -> bool:  # fmt: skip
    """Ask the relays to delete what stands at `address` and was said under `name`; whether there was anything."""
    last = await announcements.last(w, speaker, name)
    if last is None or last[0] == WITHDRAWN:
        return False
    at = max(now, last[1])
    await announcements.say(w, speaker, name, WITHDRAWN, at)
    (template,) = deletion.templates({}, at, addresses=[address])
    document = canonical_of(author(template, speaker))
    await outbox.post(w, [promise("deletion", speaker, document, dice(32), relays, acks, _key(speaker, name))], now)
    return True


def promise(
    label: str, speaker: str, document: bytes, seed: bytes, relays: tuple[str, ...], acks: int, supersedes: str
) -> Promise:
    """The promise of an event that is published as it stands, in place of one of the same name that still waits."""
    recipe = sealing.plain(document)
    return Promise(LANE_DEFINITION, label, speaker, recipe, seed, relays, min(acks, len(relays)), supersedes)


def digest_of(template: Template) -> str:
    """Equal where kind, tags and content are."""
    return hashlib.sha256(orjson.dumps((template.kind, template.tags, template.content))).hexdigest()


def _key(speaker: str, name: str) -> str:
    return f"{name}:{speaker}"
