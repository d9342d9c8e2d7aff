"""NIP-58: a badge (kind 30009) that an issuer defines, and its award (kind 8), which stays for ever.

An award names its receiver in clear to everybody, so it is made for those only who asked for it.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from kinds import tags
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import BADGE_AWARD, BADGE_DEFINITION

_CODE: Final = "badge-malformed"
_ADDRESS = re.compile(rf"{BADGE_DEFINITION}:([0-9a-f]{{64}}):(.{{1,256}})", re.DOTALL)


class Picture(NamedTuple):
    """A picture's URL and its size as text such as "1024x1024" ("" if unknown)."""

    url: str
    size: str = ""


class Badge(NamedTuple):
    """The badge `id` (its `d` tag) of `issuer` (hex)."""

    issuer: str
    id: str
    name: str = ""
    description: str = ""
    image: Picture | None = None
    thumbs: tuple[Picture, ...] = ()

    @property
    def address(self) -> str:
        """ "30009:<issuer>:<id>"."""
        return address(self.issuer, self.id)


class Award(NamedTuple):
    """The badge at address `badge` is awarded to `receivers` (hex) by its issuer, the author."""

    badge: str
    receivers: tuple[str, ...]


def address(issuer: str, id_: str) -> str:
    """A badge's name everywhere: "30009:<issuer, hex>:<id>"."""
    return f"{BADGE_DEFINITION}:{issuer}:{id_}"


def template(badge: Badge, created_at: int) -> Template:
    """The definition, for its issuer to sign."""
    written: list[tuple[str, ...]] = [("d", badge.id), ("name", badge.name), ("description", badge.description)]
    if badge.image is not None:
        written.append(("image", *_parts(badge.image)))
    written += [("thumb", *_parts(thumb)) for thumb in badge.thumbs]
    return Template(BADGE_DEFINITION, created_at, tuple(written), "")


def award_template(badge_address: str, receivers: Sequence[str], created_at: int) -> Template:
    """The award, for the badge's issuer to sign. ValueError without a receiver."""
    if not receivers:
        raise ValueError("a badge is awarded to somebody")
    receivers_once = dict.fromkeys(receivers)
    return Template(BADGE_AWARD, created_at, (("a", badge_address), *(("p", one) for one in receivers_once)), "")


def parse(event: Event) -> Badge:
    """Read a definition; its issuer is its author. Raises Unreadable "badge-malformed"."""
    if event.kind != BADGE_DEFINITION:
        raise Unreadable(_CODE, f"kind {event.kind}")
    image = tags.sole(event.tags, "image", _CODE)
    badge = Badge(
        issuer=event.pubkey,
        id=tags.required_value(event.tags, "d", _CODE),
        name=tags.sole_value(event.tags, "name", _CODE) or "",
        description=tags.sole_value(event.tags, "description", _CODE) or "",
        image=None if image is None or len(image) < 2 else _picture(image),
        thumbs=tuple(_picture(thumb) for thumb in tags.all_of(event.tags, "thumb") if len(thumb) > 1),
    )
    if _ADDRESS.fullmatch(badge.address) is None:
        raise Unreadable(_CODE, f"a name of {len(badge.id)} characters")
    return badge


def parse_award(event: Event) -> Award:
    """Read an award. Raises Unreadable "badge-malformed", also where the author is not the badge's issuer."""
    if event.kind != BADGE_AWARD:
        raise Unreadable(_CODE, f"kind {event.kind}")
    badge = tags.required_value(event.tags, "a", _CODE)
    match = _ADDRESS.fullmatch(badge)
    if match is None or match[1] != event.pubkey:
        raise Unreadable(_CODE, "awards no badge, or another issuer's")
    receivers = dict.fromkeys(tag[1] for tag in tags.all_of(event.tags, "p") if len(tag) > 1 and tags.is_hex64(tag[1]))
    if not receivers:
        raise Unreadable(_CODE, "awarded to nobody")
    return Award(badge, tuple(receivers))


def _parts(picture: Picture) -> tuple[str, ...]:
    return (picture.url, picture.size) if picture.size else (picture.url,)


def _picture(tag: tuple[str, ...]) -> Picture:
    return Picture(tag[1], tag[2] if len(tag) > 2 else "")
