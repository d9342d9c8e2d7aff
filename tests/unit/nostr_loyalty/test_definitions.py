"""What is published is what is applied, and a change of how long points live holds for the points that are there."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kinds import program as wire
from kinds.event import author
from ledger import expiry_policy, programs
from ledger.database import Database
from nostr_loyalty.config.load import load
from nostr_loyalty.config.settings import Config
from nostr_loyalty.errors import ConfigInvalid
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.definitions import serve
from nostr_loyalty.publishing.describing import decimal_text, definition, span_text
from nostr_loyalty.rules.calendar import day_of, start_of_day
from nostr_loyalty.rules.program import DAY_S, ClaimRules, Factor, Guard, HandRules
from tests.unit.ledger import venue as ledgers
from tests.unit.nostr_loyalty.config_files import EVERY_RULE, MINIMAL, accepted, new_key, write
from tests.unit.nostr_loyalty.definition_reader import rules_said

NOW = 1_800_000_000
MADRID = ZoneInfo("Europe/Madrid")
CUSTOMER = "c0" * 32
EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


@pytest.mark.parametrize("text", [MINIMAL, EVERY_RULE, EXAMPLE.read_text(encoding="utf-8")])
def test_a_stranger_reads_back_the_rules_that_are_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The definition says every rule that decides about a customer's points; what it keeps back is between the venue
    and its own people.
    """
    monkeypatch.setenv("CAFE_SOL_KEY", new_key().nsec())
    monkeypatch.setenv("CURATOR_KEY", new_key().nsec())
    config = accepted(tmp_path, text)
    settings, daemon = config.programs[0], config.daemon
    published = author(wire.template(definition(settings, daemon), NOW), settings.key.public)
    rules = settings.rules()
    said = rules_said(wire.parse(published))  # type: ignore[arg-type] # unsigned, which the reader does not look at
    assert said == replace(
        rules, claims=ClaimRules(rules.claims.valid_s), guard=Guard(), hand=HandRules(), refund_retention_s=90 * DAY_S
    )


def test_a_definition_does_not_depend_on_how_a_rule_was_typed(tmp_path: Path) -> None:
    """The same rules in other words are the same definition: nothing is published again."""
    one = MINIMAL.replace("[[program.earn]]", 'ttl = "52w"\nexclude = ["tip", "item:b", "item:a"]\n[[program.earn]]')
    other = one.replace("52w", "364d").replace('"tip", "item:b", "item:a"', '"item:a", "item:b", "tip", "tip"')
    key = new_key()
    first, second = (
        definition((config := load(write(tmp_path, text, key=key))).programs[0], config.daemon)
        for text in (one, other.replace("1000 sat", "1000000 msat"))
    )
    assert first == second


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0d"), (60, "1min"), (3_600, "1h"), (5_400, "90min"), (DAY_S, "1d"), (7 * DAY_S, "7d")]
)
def test_spans_are_said_in_the_largest_whole_unit(seconds: int, text: str) -> None:
    """Each span has one form on the wire."""
    assert span_text(seconds) == text


@pytest.mark.parametrize(
    ("factor", "text"),
    [(Factor(2, 1), "2"), (Factor(15, 10), "1.5"), (Factor(5, 100), "0.05"), (Factor(150, 100), "1.50")],
)
def test_factors_are_said_as_decimals(factor: Factor, text: str) -> None:
    """A fraction of a power of ten is a plain decimal number."""
    assert decimal_text(factor) == text


class Place:
    """A program on a ledger, served again and again with another ttl; points are earned in between."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.key = new_key()

    async def serve(self, ttl: str | None, now: int) -> ServedProgram:
        """Start the daemon's program with this ttl."""
        settings = 'tz = "Europe/Madrid"\n' + (f'ttl = "{ttl}"\nexpiry_warning = "1d"\n' if ttl else "")
        text = MINIMAL.replace("[[program.earn]]", f"{settings}[[program.earn]]")
        config: Config = load(write(self.folder, text, key=self.key))
        async with self.database.write() as w:
            return await serve(w, config.programs[0], config.daemon, now, lambda length: b"s" * length)

    async def earn(self, program: ServedProgram, *ends: int | None) -> ledgers.Venue:
        """A point of one lot for each of these ends."""
        venue = ledgers.Venue(self.database, program.ledger_id, program.revision_id)
        for end in ends:
            await venue.earn(CUSTOMER, 1, at=NOW, expires_at=end)
        return venue

    async def ends(self, venue: ledgers.Venue) -> list[int | None]:
        """When the customer's points run out, the oldest first."""
        async with self.database.write() as w:
            _, position = await venue.position(w, CUSTOMER)
        return [lot.expires_at for lot in sorted(position.lots, key=lambda lot: lot.entry_id)]

    async def policies(self, program: ServedProgram) -> list[tuple[int | None, int, int | None]]:
        """What was noted: the ttl, the revision, the limit."""
        async with self.database.read() as r:
            found = await expiry_policy.all_of(r, program.ledger_id)
        return [(each.ttl_days, each.revision_id, each.limit_at) for each in found]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A new ledger."""
    database = await Database.open(tmp_path / "ledger.db")
    yield Place(tmp_path, database)
    await database.close()


def end_of(days: int, now: int) -> int:
    """The first moment after the local day so many days after `now`."""
    return start_of_day(day_of(now, MADRID) + days + 1, MADRID)


async def test_a_definition_that_no_relay_takes_is_refused(place: Place) -> None:
    """Whoever writes more than fits into an event is told at the start, and nothing is booked under it."""
    long = "ü" * 200
    rewards = "".join(
        f'[[program.reward]]\nid = "r{number}"\ntitle = "{long}"\ncost = 1\ntype = "item"\nvalue = "{long}"\n'
        for number in range(64)
    )
    terms = f'terms = "{"é" * 8_000}"\n[[program.earn]]'
    config = load(write(place.folder, MINIMAL.replace("[[program.earn]]", terms) + rewards))
    with pytest.raises(ConfigInvalid, match='program "cafe-sol": its definition has'):
        async with place.database.write() as w:
            await serve(w, config.programs[0], config.daemon, NOW, lambda length: b"s" * length)
    async with place.database.read() as r:
        assert await programs.programs(r) == []


async def test_expiry_that_is_switched_on_lets_old_points_live_one_full_period(place: Place) -> None:
    """Bug 37: points that lived for ever end one period after the change, not one after they were earned."""
    program = await place.serve(None, NOW)
    venue = await place.earn(program, None, None)
    later = NOW + 1_000 * DAY_S
    changed = await place.serve("30d", later)
    assert await place.ends(venue) == [end_of(30, later)] * 2
    assert await place.policies(program) == [
        (None, program.revision_id, None), (30, changed.revision_id, end_of(30, later)),
    ]  # fmt: skip
    standing = await venue.standing(CUSTOMER)
    assert (standing.next_expiry_at, standing.next_expiry_points) == (end_of(30, later), 2)


async def test_a_shorter_ttl_ends_nothing_earlier_than_one_period_after(place: Place) -> None:
    """Bug 37: of old points those that would live longer are limited; those that end sooner keep their end."""
    program = await place.serve("365d", NOW)
    soon, late = NOW + 5 * DAY_S, NOW + 300 * DAY_S
    venue = await place.earn(program, soon, late, None)
    await place.serve("30d", NOW + DAY_S)
    assert await place.ends(venue) == [soon, *[end_of(30, NOW + DAY_S)] * 2]


@pytest.mark.parametrize("ttl", ["400d", None])
async def test_a_longer_ttl_or_none_leaves_old_points_alone(place: Place, ttl: str | None) -> None:
    """Points keep the end that they were promised."""
    program = await place.serve("365d", NOW)
    ends = [NOW + 5 * DAY_S, NOW + 300 * DAY_S]
    venue = await place.earn(program, *ends)
    changed = await place.serve(ttl, NOW + DAY_S)
    assert await place.ends(venue) == ends
    assert (await place.policies(program))[1:] == [(400 if ttl else None, changed.revision_id, None)]


async def test_a_ttl_that_stays_is_noted_once(place: Place) -> None:
    """Neither a restart nor another revision of the same ttl gives old points a new limit."""
    program = await place.serve("30d", NOW)
    end = NOW + 300 * DAY_S
    venue = await place.earn(program, end)
    await place.serve("30d", NOW + DAY_S)
    await place.serve("30d", NOW + 2 * DAY_S)
    assert await place.ends(venue) == [end]
    assert await place.policies(program) == [(30, program.revision_id, None)]


async def test_a_ledger_that_is_older_than_ttl_had_none(place: Place) -> None:
    """Points that an earlier version booked live one full period from the first start with a ttl."""
    issuer = place.key.public
    async with place.database.write() as w:
        program_id = await programs.register(w, wire.address(issuer, "cafe-sol"), "cafe-sol", issuer, NOW)
        revision_id = await programs.add_revision(w, program_id, "ab" * 32, "cd" * 32, b"{}", NOW)
    venue = ledgers.Venue(place.database, program_id, revision_id)
    await venue.earn(CUSTOMER, 1, at=NOW)
    changed = await place.serve("30d", NOW + DAY_S)
    assert await place.ends(venue) == [end_of(30, NOW + DAY_S)]
    assert await place.policies(changed) == [(30, changed.revision_id, end_of(30, NOW + DAY_S))]
