"""Badges of tiers (NIP-58): defined for every program that has tiers, awarded to customers who asked for it. Pure.

A badge's `d` is "<slug>:<tier>": neither holds a colon, so that no two tiers of one issuer share a badge. An award
names its customer in clear to everybody and stays for ever; nobody gets one unasked (`badge on`). It says that the tier
was reached, not that it is held.

Source: protocol section 2.
"""

from collections.abc import Iterator

from kinds import badge as wire
from kinds.badge import Badge, Picture
from kinds.event import author, canonical_of
from ledger.awards import Award
from ledger.book import Standing
from ledger.outbox import Promise
from nostr_loyalty.config.settings import ProgramSettings
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.announcing import Said
from nostr_loyalty.publishing.publications import LANE_CARD


def badge_name(slug: str, tier: str) -> str:
    """The `d` tag of a tier's badge."""
    return f"{slug}:{tier}"


def badges(settings: ProgramSettings) -> Iterator[Said]:
    """The definition of each tier's badge, from the lowest tier up."""
    issuer = settings.key.public
    for tier in settings.rules().tiers:
        name = badge_name(settings.slug, tier.id)
        image = None if settings.image is None else Picture(settings.image)
        badge = Badge(issuer, name, f"{settings.title} · {tier.title}", settings.summary, image)
        yield Said(f"30009:{name}", "badge", wire.template(badge, 0))


def badge_award(program: ServedProgram, standing: Standing, tier: str, now: int, seed: bytes) -> tuple[Award, Promise]:
    """The award of a tier's badge. For a customer with `standing.badge` only: it is public and stays for ever."""
    assert standing.badge, "an award names its customer to everybody"
    address = wire.address(program.issuer, badge_name(program.slug, tier))
    rumor = author(wire.award_template(address, [standing.customer], now), program.issuer)
    recipe = sealing.plain(canonical_of(rumor))
    acks = min(program.acks, len(program.relays))
    award = Award(standing.id, tier, rumor.id)
    return award, Promise(LANE_CARD, "award", program.issuer, recipe, seed, program.relays, acks)
