"""The lists of programs that are configured: each a program set (37413) and a follow set of the venues (30000).

A list that was taken out of the configuration is withdrawn, as long as its key is still held.

Source: protocol section 12.
"""

from collections.abc import Callable
from typing import Final

from kinds import program, program_set
from kinds.program_set import Item, ProgramSet
from kinds.registry import FOLLOW_SET, PROGRAM_SET
from ledger import announcements, outbox
from ledger.database import Write
from nostr_loyalty.config.settings import Config, ListSettings
from nostr_loyalty.publishing.announcing import Said, announce, withdraw
from nostr_loyalty.publishing.publications import LANE_DEFINITION

_KINDS: Final = (PROGRAM_SET, FOLLOW_SET)


async def publish_lists(w: Write, config: Config, now: int, dice: Callable[[int], bytes]) -> None:
    """Promise every list that has changed, and the withdrawal of those that are configured no more; and send what waits
    for relays that were taken out of the configuration to the others.
    """
    acks = config.daemon.acks
    current: dict[str, set[str]] = {config.daemon.key.public: set()}
    current |= {program.key.public: set() for program in config.programs}
    for curator in config.curators.keys() - current.keys():  # those of issuers are looked after in `definitions`
        relays = config.relays_of(curator)
        await outbox.readdress(w, curator, relays, relays, (LANE_DEFINITION,))
    for each in config.lists:
        curator = each.key.public
        for said in _sayings(config, each):
            current.setdefault(curator, set()).add(said.name)
            await announce(w, curator, said, config.relays_of(curator), acks, now, dice)
    for curator, names in current.items():
        for kind in _KINDS:
            for name in await announcements.names(w, curator, f"{kind}:"):
                if name not in names:
                    address = f"{kind}:{curator}:{name.partition(':')[2]}"
                    await withdraw(w, curator, name, address, config.relays_of(curator), acks, now, dice)


def program_set_of(config: Config, settings: ListSettings) -> ProgramSet:
    """A configured list as it is published."""
    return ProgramSet(
        author=settings.key.public,
        name=settings.name,
        title=settings.title,
        image=settings.image,
        description=settings.description,
        items=tuple(_with_hint(config, item) for item in settings.programs),
    )


def _sayings(config: Config, settings: ListSettings) -> list[Said]:
    said = program_set_of(config, settings)
    label = f'list "{settings.name}"'
    sayings = [Said(f"{PROGRAM_SET}:{settings.name}", label, program_set.template(said, 0))]
    if settings.follow_set:
        name = f"{FOLLOW_SET}:{settings.name}"
        sayings.append(Said(name, label, program_set.follow_set_template(said, 0)))
    return sayings


def _with_hint(config: Config, item: Item) -> Item:
    """A program of our own is found at its first relay, whatever was written."""
    issuer, slug = program.parse_address(item.program)
    own = (each for each in config.programs if (each.key.public, each.slug) == (issuer, slug))
    return next((Item(item.program, each.relays[0]) for each in own), item)
