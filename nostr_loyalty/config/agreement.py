"""Rules that look at more than one key of the configuration.

They run on the raw file as well as on a valid one, so that they can be reported together with every other mistake:
whatever has not the expected type is passed over here, because the model reports it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nostr_loyalty.config.mistakes import Mistake, Place
from nostr_loyalty.config.values import DEFAULT_LISTEN, listen_address, price, relay_url
from nostr_loyalty.errors import KeyUnreadable
from nostr_loyalty.keyfile import LocatedKey, locate

RawFile = Mapping[str, Any]


def disagreements(raw: RawFile) -> Iterator[Mistake]:
    """Every rule of this module, but for the keys."""
    yield from _slugs(raw)
    yield from _relays(raw)
    yield from _currencies(raw)


def locate_keys(raw: RawFile, *, base: Path, nsec_allowed: bool) -> tuple[dict[Place, LocatedKey], list[Mistake]]:
    """Find the daemon's and the programs' keys (none is unlocked yet), and what is wrong with the others."""
    located: dict[Place, LocatedKey] = {}
    mistakes: list[Mistake] = []
    places: list[tuple[Place, Any]] = [(("daemon", "key"), _table(raw.get("daemon")).get("key"))]
    places += [(("program", at, "key"), program.get("key")) for at, program in _programs(raw)]
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
    daemon = _table(raw.get("daemon"))
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
    try:
        return {listen_address(str(_table(raw["relay"]).get("listen", DEFAULT_LISTEN))).url}
    except ValueError:
        return {"the embedded relay"}


def _currencies(raw: RawFile) -> Iterator[Mistake]:
    for at, program in _programs(raw):
        first: dict[str, int] = {}
        earn = program.get("earn")
        for rule_at, rule in enumerate(earn if isinstance(earn, list) else []):
            per = _table(rule).get("per")
            try:
                currency = price(per).money.currency if isinstance(per, str) else None
            except ValueError:
                continue  # the model says what is wrong with it
            if currency is not None and first.setdefault(currency, rule_at) != rule_at:
                sentence = f'"{per}": earn[{first[currency]}] is a rule for the same money; one rule for each currency'
                yield Mistake(("program", at, "earn", rule_at, "per"), sentence)


def _programs(raw: RawFile) -> Iterator[tuple[int, Mapping[str, Any]]]:
    programs = raw.get("program")
    for at, program in enumerate(programs if isinstance(programs, list) else []):
        yield at, _table(program)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
