"""Every setting does something: what the daemon promises and reads changes with it (Bug 34, 57).

What the rules do is in test_rules*.py, what each of their keys makes of them in test_config_rules.py, where keys come
from in test_keyfile.py, the level of logs in test_logs.py; what shows only with a relay is in
tests/integration/test_daemon.py and tests/bugs.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import Event, parse_event, verify
from kinds.keys import npub_encode
from kinds.relay_list import parse_dm
from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promised
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import keys_of, serve_programs
from nostr_loyalty.intake import subscriptions
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.sealing import Sealer
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, new_key

A, B = "wss://a.example", "wss://b.example"


async def promised(folder: Path, venue: Venue) -> dict[int, tuple[Event, Promised]]:
    """What a daemon with this configuration says at its first start, by kind."""
    config = load(venue.write_config())
    database = await Database.open(folder / f"{new_key().public}.db")
    try:
        await serve_programs(config, database, 1_800_000_000)
        async with database.read() as r:
            due = await outbox.due(r, 1_800_000_000, 10)
    finally:
        await database.close()
    sealer = Sealer(keys_of(config))
    found = [(verify(parse_event(sealer.seal(one.issuer, one.recipe, one.seed).text)), one) for one in due]
    return {event.kind: (event, one) for event, one in found}


OPERATOR = npub_encode(new_key().public)


@pytest.mark.parametrize(
    "extra",
    [
        'summary = "One line"', 'image = "https://example.com/a.png"', 'terms = "Terms"', f'operators = ["{OPERATOR}"]',
        f'relays = ["{B}"]', 'status = "paused"', 'rounding = "ceil"', 'unit = ["stamp", "stamps"]',
    ],
)  # fmt: skip
async def test_a_program_says_what_its_section_says(tmp_path: Path, extra: str) -> None:
    """Bug 34, 57: each key of a program changes the definition that is published."""
    venue = Venue(tmp_path, [A, B])
    before, _ = (await promised(tmp_path, venue))[registry.PROGRAM]
    venue.extra = extra
    after, one = (await promised(tmp_path, venue))[registry.PROGRAM]
    assert (after.tags, after.content) != (before.tags, before.content)
    assert one.relays == ((B,) if "relays" in extra else (A, B))


TIER = '[[program.tier]]\nid = "gold"\ntitle = "Gold"\nthreshold = 100'
BY_VISITS = '[program.tier_basis]\nby = "visits"'
BY_SPEND = '[program.tier_basis]\nby = "spend"\ncurrency = "EUR"\n'
REWARD = '[[program.reward]]\nid = "tea"\ntitle = "A tea"\ncost = 10\ntype = "coupon"\nvalue = "tea"'
PERK = f'{TIER}\n[[program.perk]]\ntier = "gold"\ntype = "note"\nvalue = "water"'
EARN = "[[program.earn]]\ntype = "
VISIT = f'{EARN}"visit"\npoints = 2'
REFERRAL = f'{EARN}"referral"\npoints = 20\nfriend_points = 10'
MULTIPLIER = '[[program.multiplier]]\nname = "Happy hour"\nfactor = "2"\nschedule = "tue"'
CAP = '[[program.cap]]\npoints = 10\nperiod = "day"'


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("", 'exclude = ["tip"]', ("exclude", "tip")),
        ("", 'exclude = ["item:tea"]', ("exclude", "item:tea")),
        ("", 'ttl = "52w"', ("ttl", "364d")),
        ('ttl = "52w"', 'ttl = "52w"\nexpiry_warning = "1w"', ("expiry_warning", "7d")),
        ("", 'vest = "36h"', ("vest", "36h", "delivery")),
        ('vest = "3d"', 'vest = "3d"\nvest_orders = "all"', ("vest", "3d", "all")),
        ("", 'deficit = "clamp"', ("deficit", "clamp")),
        ("", 'claim_valid = "60d"', ("claim_valid", "60d")),
        ("", VISIT, ("earn", "visit", "2")),
        (VISIT, f'{VISIT}\nminimum = "5 EUR"', ("earn", "visit", "2", "5.00", "EUR")),
        (VISIT, f'{VISIT}\ngap = "90min"', ("earn", "visit", "2", "0", "sat", "90min")),
        (VISIT, f'{VISIT}\nminimum = "5 sat"\ngap = "2h"', ("earn", "visit", "2", "5", "sat", "2h")),
        ("", f'{EARN}"item"\npoints = 3\nitem = "tea"', ("earn", "item", "3", "tea")),
        ("", f'{EARN}"payment"\npoints = 4\nmethod = "cash"', ("earn", "payment", "4", "cash")),
        ("", f'{EARN}"welcome"\npoints = 5', ("earn", "welcome", "5")),
        ("", f'{EARN}"feedback"\npoints = 6', ("earn", "feedback", "6")),
        ("", REFERRAL, ("earn", "referral", "20", "10", "7d")),
        (REFERRAL, f'{REFERRAL}\nvest = "0d"', ("earn", "referral", "20", "10", "0d")),
        (REFERRAL, f"{REFERRAL}\ncap = 3", ("earn", "referral", "20", "10", "7d", "3")),
        ("", MULTIPLIER, ("multiplier", "Happy hour", "2", "tue")),
        (MULTIPLIER, MULTIPLIER.replace('"2"', '"1.50"'), ("multiplier", "Happy hour", "1.50", "tue")),
        (
            MULTIPLIER,
            MULTIPLIER.replace('"tue"', '"WED  09:00-12:00"'),
            ("multiplier", "Happy hour", "2", "wed 09:00-12:00"),
        ),
        ("", CAP, ("cap", "10", "day")),
        (CAP, CAP.replace("day", "month"), ("cap", "10", "month")),
        ("", TIER, ("tier", "gold", "Gold", "100")),
        ("", TIER, ("tier_basis", "points", "", "0d")),
        (TIER, f"{BY_VISITS}\n{TIER}", ("tier_basis", "visits", "", "0d")),
        (TIER, f'{BY_VISITS}\nwindow = "13w"\n{TIER}', ("tier_basis", "visits", "91d", "0d")),
        (TIER, f'{BY_VISITS}\ngrace = "30d"\n{TIER}', ("tier_basis", "visits", "", "30d")),
        (TIER, BY_SPEND + TIER.replace("100", '"5 EUR"'), ("tier_basis", "spend", "", "0d", "EUR")),
        (TIER, BY_SPEND.replace("EUR", "sat") + TIER.replace("100", '"5 sat"'), ("tier", "gold", "Gold", "5000")),
        (TIER, PERK, ("perk", "gold", "note", "water")),
        ("", REWARD, ("reward", "tea", "A tea", "10", "coupon", "tea")),
        (TIER, f'{TIER}\n{REWARD}\nmin_tier = "gold"', ("reward", "tea", "A tea", "10", "coupon", "tea", "gold")),
        (REWARD, f"{REWARD}\nstock = 0", ("reward_terms", "tea", "stock", "0")),
        (REWARD, f"{REWARD}\nlimit = 2", ("reward_terms", "tea", "limit", "2")),
        (REWARD, f'{REWARD}\nlimit = 2\nlimit_period = "week"', ("reward_terms", "tea", "limit", "2", "week")),
        (REWARD, f'{REWARD}\nvalid_from = "2026-03-29"', ("reward_terms", "tea", "valid_from", "2026-03-29")),
        (REWARD, f'{REWARD}\nvalid_until = "2026-10-25"', ("reward_terms", "tea", "valid_until", "2026-10-25")),
        (REWARD, f'{REWARD}\nhold = "2h"', ("reward_terms", "tea", "hold", "2h")),
    ],
)
async def test_a_program_says_what_its_rules_say(
    tmp_path: Path, before: str, after: str, says: tuple[str, ...]
) -> None:
    """Bug 34, 57: each key of a rule changes the definition that is published, and says this there."""
    venue = Venue(tmp_path, [A], extra=before)
    without, _ = (await promised(tmp_path, venue))[registry.PROGRAM]
    venue.extra = after
    event, _ = (await promised(tmp_path, venue))[registry.PROGRAM]
    assert says in event.tags
    assert says not in without.tags


async def test_acks(tmp_path: Path) -> None:
    """Bug 34, 57: as many relays as `acks` says must accept what is promised."""
    for acks in (1, 2):
        venue = Venue(tmp_path, [A, B], daemon_extra=f"acks = {acks}")
        said = await promised(tmp_path, venue)
        assert {kind: one.acks for kind, (_, one) in said.items()} == dict.fromkeys(
            (
                registry.PROGRAM, registry.RELAY_LIST, registry.DM_RELAY_LIST, registry.METADATA, registry.HANDLER,
            ), acks,
        )  # fmt: skip


async def test_acks_of_what_an_order_leads_to(tmp_path: Path) -> None:
    """Bug 34, 57: an entry, its card and the answer are kept when as many relays have them as the program demands."""

    def on_two_relays(program: ServedProgram) -> ServedProgram:
        return replace(program, relays=(A, B), dm_relays=(A, B), acks=2)

    async with Served(tmp_path, change=on_two_relays) as served:
        await served.deliver(served.order("order-1"))
        assert {one.label: one.acks for one in await served.promises()} == {"entry": 2, "card": 2, "answer": 2}


async def test_dm_relays(tmp_path: Path) -> None:
    """Bug 34, 57: `dm_relays` are announced in 10050, and wraps are asked for there and nowhere else."""
    venue = Venue(tmp_path, [A], daemon_extra=f'dm_relays = ["{B}"]')
    event, one = (await promised(tmp_path, venue))[registry.DM_RELAY_LIST]
    assert parse_dm(event).relays == (B,)
    assert one.relays == (A, B)
    config = load(venue.folder / "config.toml")
    for url, kind in ((A, registry.PAID_ORDER), (B, registry.GIFT_WRAP)):
        (read,) = subscriptions.reads("0" * 64, url, [A], config.daemon.dm_relays)
        assert read.filter.kinds == (kind,)


async def test_staff_relays(tmp_path: Path) -> None:
    """Bug 34, 57: wraps are read at `staff_relays` too; tills and operators are told in the definition, nobody else."""
    venue = Venue(tmp_path, [A], daemon_extra=f'staff_relays = ["{B}"]', extra=f'operators = ["{OPERATOR}"]')
    said = await promised(tmp_path, venue)
    definition, _ = said[registry.PROGRAM]
    assert {tag[3]: tag[2] for tag in definition.tags if tag[0] == "p"} == {"issuer": A, "source": B, "operator": B}
    assert parse_dm(said[registry.DM_RELAY_LIST][0]).relays == (A,)
    config = load(venue.folder / "config.toml")
    (read,) = subscriptions.reads("0" * 64, B, [A], config.daemon.wrap_relays)
    assert registry.GIFT_WRAP in (read.filter.kinds or ())


async def test_what_messages_depend_on(tmp_path: Path) -> None:
    """Bug 34, 57: roles and limits, the language, displays, NIP-04 and work of strangers are what is served."""
    display = new_key().public
    extra = (
        f'operators = ["{OPERATOR}"]\nmonitors = ["{display}"]\nlanguage = "es"\nnip04 = true\nfirst_contact_work = 9\n'
        f'[[program.operator]]\nkey = "{display}"\nrole = "manager"\npoints = 7\n[program.hand]\ncount = 3'
    )
    async with Served(tmp_path, extra=extra) as served:
        program = served.programs.all[0]
        assert (program.monitors, program.language) == ((display,), "es")
        assert (program.allows_nip04, program.first_contact_work) == (True, 9)
        manager = program.operator(display)
        assert manager is not None
        assert (manager.role, manager.hand.count, manager.hand.points) == ("manager", 3, 7)
        assert [one.role for one in program.staff] == ["owner", "manager"]
        assert program.operators == {one.key for one in program.staff}
