"""Who an issuer says that it is: its profile (kind 0) and what it handles (kind 31990, NIP-89). Pure.

The profile of the daemon's key is configured, or made of its programs' titles like that of any other issuer. Everything
here is about the issuer and its programs; nothing is about a customer.
"""

from collections.abc import Sequence
from typing import Final

from kinds import handler, metadata, registry
from kinds.handler import Handler, Page
from kinds.metadata import Metadata
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.publishing.announcing import Said

APPLICATION: Final = "nostr-loyalty"
"""The `d` tag of the handler."""
NAME_CHARACTERS_MAX: Final = 100
_READ: Final = (registry.DIRECT_MESSAGE, registry.PAID_ORDER, registry.REDEMPTION_REQUEST)
_PUBLISHED: Final = (registry.ENTRY, registry.PROGRAM, registry.CARD)
_OF_TIERS: Final = (registry.BADGE_AWARD, registry.BADGE_DEFINITION)
_OF_LISTS: Final = (registry.PROGRAM_SET,)


def portrait(config: Config, key: str) -> tuple[Said, ...]:
    """What a public key (hex) says of itself. A key that only recommends programs may be a person's, with a profile of
    its own: nothing is said for it, unless it is the daemon's and a profile is configured.
    """
    programs = [program for program in config.programs if program.key.public == key]
    configured = config.daemon.profile if key == config.daemon.key.public else Metadata(bot=True)
    if not programs and configured == Metadata(bot=True):
        return ()
    said = [Said("0", "profile", metadata.template(_profile(configured, programs), 0))]
    if programs:
        said.append(Said("31990", "handler", handler.template(_handler(config, programs, key), 0)))
    return tuple(said)


def _profile(configured: Metadata, programs: Sequence[ProgramSettings]) -> Metadata:
    name = ", ".join(program.title for program in programs)
    if len(name) > NAME_CHARACTERS_MAX:
        name = f"{name[: NAME_CHARACTERS_MAX - 1]}…"
    only = programs[0] if len(programs) == 1 else None
    return configured._replace(
        name=configured.name or name or None,
        about=configured.about or (only.summary or None if only else None),
        picture=configured.picture or (only.image if only else None),
    )


def _handler(config: Config, programs: Sequence[ProgramSettings], issuer: str) -> Handler:
    """Which kinds are read and published under this key. What it is called is said by its profile."""
    kinds = [
        *((registry.ENCRYPTED_MESSAGE,) if any(program.nip04 for program in programs) else ()),
        *_READ,
        *_PUBLISHED,
        *(_OF_TIERS if any(program.rules().tiers for program in programs) else ()),
        *(_OF_LISTS if any(each.key.public == issuer for each in config.lists) else ()),
    ]
    page = config.daemon.web_handler
    pages = () if page is None else (Page(page, "nevent"), Page(page, "naddr"))
    return Handler(issuer, APPLICATION, tuple(sorted(kinds)), pages)
