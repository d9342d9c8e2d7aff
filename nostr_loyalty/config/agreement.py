"""Rules that look at more than one key of the configuration; those of a program's own rules: `program_agreement`.

They run on the raw file as well as on a valid one, so that they can be reported together with every other mistake:
whatever has not the expected type is passed over here, because the model reports it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nostr_loyalty.config.mistakes import Mistake
from nostr_loyalty.config.program_agreement import program_disagreements, rows, table, twice
from nostr_loyalty.config.sections import Place
from nostr_loyalty.config.values import DEFAULT_LISTEN, ListenAddress, listen_address, relay_url
from nostr_loyalty.errors import KeyUnreadable
from nostr_loyalty.keyfile import LocatedKey, locate

RawFile = Mapping[str, Any]


def disagreements(raw: RawFile) -> Iterator[Mistake]:
    """Every rule of this module and of `program_agreement`, but for the keys."""
    yield from _slugs(raw)
    yield from twice(
        ((at, "name", row.get("name")) for at, row in rows(raw, "list")), ("list",), "has this name already"
    )
    yield from _relays(raw)
    yield from _told_to_others(raw)
    for at, program in _programs(raw):
        yield from program_disagreements(program, ("program", at))


def locate_keys(raw: RawFile, *, base: Path, nsec_allowed: bool) -> tuple[dict[Place, LocatedKey], list[Mistake]]:
    """Find the keys of the daemon, its programs and lists (none is unlocked yet), and what is wrong with the others."""
    located: dict[Place, LocatedKey] = {}
    mistakes: list[Mistake] = []
    places: list[tuple[Place, Any]] = [(("daemon", "key"), table(raw.get("daemon")).get("key"))]
    places += [(("program", at, "key"), program.get("key")) for at, program in _programs(raw)]
    places += [(("list", at, "key"), row.get("key")) for at, row in rows(raw, "list")]
    for place, name in places:
        if not isinstance(name, str) or not name:
            continue
        try:
            located[place] = locate(name, base=base, nsec_allowed=nsec_allowed)
        except KeyUnreadable as error:
            mistakes.append(Mistake(place, error.detail))
    return located, mistakes


def _slugs(raw: RawFile) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for at, program in _programs(raw):
        slug = program.get("slug")
        if isinstance(slug, str) and first.setdefault(slug, at) != at:
            sentence = f'"{slug}": program[{first[slug]}] has this slug already; give each program its own'
            yield Mistake(("program", at, "slug"), sentence)


def _relays(raw: RawFile) -> Iterator[Mistake]:
    daemon = table(raw.get("daemon"))
    relays, acks = daemon.get("relays", []), daemon.get("acks", 1)
    if not isinstance(relays, list) or not isinstance(raw.get("daemon", {}), Mapping):
        return
    count = len(_distinct_relays(relays) | _embedded(raw))
    if count == 0:
        yield Mistake(
            ("daemon", "relays"),
            'no relay; write for example ["wss://relay.example.com"], or add a section [relay] to run one here',
        )
        return
    if not isinstance(acks, int):
        return
    if acks > count:
        yield Mistake(("daemon", "acks"), f"{acks}: only {count} relay{'s' * (count > 1)} can accept an event")
    for at, program in _programs(raw):
        own = program.get("relays", [])
        if isinstance(own, list) and own and acks > (own_count := len(_distinct_relays(own))):
            sentence = f"a list of {own_count}: daemon.acks asks for {acks} relays to accept an event"
            yield Mistake(("program", at, "relays"), sentence)


def _told_to_others(raw: RawFile) -> Iterator[Mistake]:
    """An embedded relay that listens at every address has none that could be published: where the programs and 10050
    have no relays of their own, everybody would be told the loopback address.
    """
    address = _listen(raw)
    if address is None or not address.is_every:
        return
    if table(raw.get("daemon")).get("dm_relays") and all(program.get("relays") for _, program in _programs(raw)):
        return
    yield Mistake(
        ("relay", "listen"),
        f'"{address}": others would be told {address.url}, which only this machine can reach; write the address that'
        f' they reach it by, for example "192.168.1.20:{address.port}", or its name in dm_relays of [daemon] and in'
        " relays of every [[program]]",
    )


def _distinct_relays(texts: list[Any]) -> set[str]:
    """The relays that a list names; one that cannot be read counts as itself, the model says what is wrong with it."""
    relays = set()
    for text in map(str, texts):
        try:
            relays.add(relay_url(text))
        except ValueError:
            relays.add(text)
    return relays


def _embedded(raw: RawFile) -> set[str]:
    if "relay" not in raw:
        return set()
    address = _listen(raw)
    return {"the embedded relay" if address is None else address.url}


def _listen(raw: RawFile) -> ListenAddress | None:
    """Where the embedded relay listens; None where there is none, or where what is written is no address."""
    if "relay" not in raw:
        return None
    try:
        return listen_address(str(table(raw["relay"]).get("listen", DEFAULT_LISTEN)))
    except ValueError:
        return None


def _programs(raw: RawFile) -> Iterator[tuple[int, Mapping[str, Any]]]:
    programs = raw.get("program")
    for at, program in enumerate(programs if isinstance(programs, list) else []):
        yield at, table(program)
