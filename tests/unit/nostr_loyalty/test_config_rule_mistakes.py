"""What the operator reads when a program's rules cannot be used: each mistake with its place, value and remedy."""

from pathlib import Path

import pytest

from tests.unit.nostr_loyalty.config_files import DAEMON, EARN, EVERY_RULE, MINIMAL, PROGRAM, mistakes, new_key

TIER = '[[program.tier]]\nid = "gold"\ntitle = "Gold"\nthreshold = 100\n'
BY_SPEND = '[program.tier_basis]\nby = "spend"\ncurrency = "EUR"\n'
SPEND_TIER = TIER.replace("100", '"500 EUR"')
REWARD = '[[program.reward]]\nid = "coffee"\ntitle = "A coffee"\ncost = 10\ntype = "item"\nvalue = "coffee"\n'


def with_key(line: str) -> str:
    """The shortest configuration with one more line in [[program]]."""
    return MINIMAL.replace("[[program]]", f"[[program]]\n{line}")


def earning(*rules: str) -> str:
    """A program with these rules of earning, each the inside of a table."""
    return DAEMON + PROGRAM + "earn = [" + ", ".join(f"{{{rule}}}" for rule in rules) + "]\n"


def perk(type_: str, value: str) -> str:
    """A tier with this perk."""
    return MINIMAL + TIER + f'[[program.perk]]\ntier = "gold"\ntype = "{type_}"\nvalue = "{value}"\n'


def reward(*changes: tuple[str, str]) -> str:
    """A program with a reward that says something else in places."""
    text = REWARD
    for old, new in changes:
        text = text.replace(old, new)
    return MINIMAL + text


def limits(name: str, *lines: str) -> str:
    """A program with a table of this name."""
    return MINIMAL + f"[program.{name}]\n" + "\n".join(lines)


SPANS = [
    (with_key('ttl = "1y"'), 'program[0].ttl: "1y": not a span of days; write a whole number and "d" or "w", for'),
    (with_key('ttl = "36h"'), 'program[0].ttl: "36h": not a span of days'),
    (with_key('ttl = "0d"'), 'program[0].ttl: "0d": must be above 0; write for example "90d"'),
    (with_key('ttl = "036d"'), "not a span of days"),
    (with_key('ttl = "36501d"'), 'program[0].ttl: "36501d": too long; write at most "36500d"'),
    (with_key("ttl = 365"), "program[0].ttl: 365: not a text; write it in quotes"),
    (with_key('ttl = "20d"\nexpiry_warning = "3h"'), 'program[0].expiry_warning: "3h": not a span of days'),
    (with_key('ttl = "20d"\nexpiry_warning = "20d"'), 'expiry_warning: "20d": not shorter than ttl ("20d"); write a'),
    (with_key('ttl = "2w"'), 'program[0].expiry_warning: "14d": not shorter than ttl ("2w")'),
    (with_key('expiry_warning = "3d"'), 'expiry_warning: "3d": needs ttl; write it, or remove this'),
    (with_key('vest = "3 d"'), 'program[0].vest: "3 d": not a span of time; write a whole number and "min", "h", "d"'),
    (with_key('vest = "3d"\nvest_orders = "none"'), 'vest_orders: "none": must be "delivery" or "all"'),
    (with_key('vest_orders = "all"'), 'vest_orders: "all": needs vest; write it, or remove this'),
    (with_key('refund_retention = "0h"'), 'refund_retention: "0h": must be above 0'),
    (with_key('claim_valid = "-3d"'), 'claim_valid: "-3d": not a span of time'),
]
PROGRAM_KEYS = [
    (with_key('exclude = ["tips"]'), 'program[0].exclude[0]: "tips": write "tip", "gift_card", "service", "delivery"'),
    (with_key('exclude = ["item:"]'), 'program[0].exclude[0]: "item:": an item\'s id has 1 to 128 characters'),
    (with_key('exclude = ["points_discount"]'), "exclude[0]: "),
    (with_key('exclude = "tip"'), 'program[0].exclude: "tip": not a list; write it in brackets'),
    (with_key('deficit = "forgive"'), 'program[0].deficit: "forgive": must be "allow" or "clamp"'),
    (with_key('point_value = "0.01"'), 'program[0].point_value: "0.01": not an amount of at most 8 decimals; write an'),
    (with_key('point_value = "0.00 EUR"'), "must be above 0"),
    (with_key('point_value = "1 euro"'), 'unknown unit "euro"'),
    (with_key("claim_attempts = 0"), "program[0].claim_attempts: 0: must be at least 1"),
    (with_key("claim_attempts_all = 4"), "program[0].claim_attempts_all: 4: below claim_attempts (5)"),
    (with_key('claim_url = "http://x.example"'), 'claim_url: "http://x.example": not an https URL without a #fragment'),
    (with_key('claim_url = "https://x.example/#a"'), "not an https URL without a #fragment"),
    (with_key('claim_url = "https://"'), "not an https URL"),
    (with_key('claim_url = "https://[x"'), "not a URL"),
]
EARNING = [
    (earning("points = 1"), "program[0].earn[0].type: missing; write it"),
    (earning('type = "stamp", points = 1'), 'program[0].earn[0].type: "stamp": must be "spend", "visit", "item", "pay'),
    (earning("type = 3, points = 1"), 'program[0].earn[0].type: 3: must be "spend"'),
    (DAEMON + PROGRAM + "earn = [3]", "program[0].earn[0]: 3: not a table; write [[program.earn]] on a line of its"),
    (DAEMON + PROGRAM + "earn = []", "program[0].earn: []: must have at least 1 item"),
    (earning('type = "visit"'), "program[0].earn[0].points: missing; write it"),
    (earning('type = "visit", points = 1, minimum = 5'), "program[0].earn[0].minimum: 5: not a text"),
    (earning('type = "visit", points = 1, minimum = "0 EUR"'), "must be above 0"),
    (earning('type = "visit", points = 1, gap = "soon"'), 'program[0].earn[0].gap: "soon": not a span of time'),
    (earning('type = "visit", points = 1, gab = "1h"'), 'program[0].earn[0].gab: unknown key; did you mean "gap"?'),
    (
        earning('type = "visit", points = 1, per = "1 EUR"'),
        'program[0].earn[0].per: unknown key here; it belongs in [[program.earn]] of type "spend"',
    ),
    (earning('type = "item", points = 1, item = ""'), 'program[0].earn[0].item: "": an item\'s id has 1 to 128'),
    (earning('type = "payment", points = 1, method = "bank"'), 'earn[0].method: "bank": must be "lightning", "cash"'),
    (
        earning('type = "referral", points = 0, friend_points = 0'),
        "program[0].earn[0].points: 0: nobody gets points; write at least 1 here or in friend_points",
    ),
    (earning('type = "referral", points = 1, friend_points = 1, cap = 0'), "earn[0].cap: 0: must be at least 1"),
    (
        earning(*['type = "item", points = 1, item = "tea"'] * 2),
        'program[0].earn[1].item: "tea": earn[0] is a rule for this item',
    ),
    (
        earning('type = "welcome", points = 1', *['type = "payment", points = 1, method = "cash"'] * 2),
        'program[0].earn[2].method: "cash": earn[1] is a rule for this way of paying',
    ),
    *(
        (
            earning(*[f'type = "{kind}", points = 1{more}'] * 2),
            f'program[0].earn[1].type: "{kind}": earn[0] is a rule of this type; there is one of it at most',
        )
        for kind, more in (("visit", ""), ("welcome", ""), ("feedback", ""), ("referral", ", friend_points = 1"))
    ),
]
MULTIPLIER = '[[program.multiplier]]\nname = "Happy"\nfactor = "2"\nschedule = "tue"\n'
MULTIPLYING = [
    (MINIMAL + MULTIPLIER.replace('"2"', "2"), "program[0].multiplier[0].factor: 2: not a text; write it in quotes"),
    (MINIMAL + MULTIPLIER.replace('"2"', '"0.0"'), 'multiplier[0].factor: "0.0": must be above 0; write it like "1.5"'),
    (MINIMAL + MULTIPLIER.replace('"2"', '"1,5"'), "not a plain decimal number of at most 4 decimals"),
    (MINIMAL + MULTIPLIER.replace('"2"', '"1001"'), "must be at most 1000"),
    (
        MINIMAL + MULTIPLIER.replace('"tue"', '"tuesday"'),
        'multiplier[0].schedule: "tuesday": "tuesday" is not a weekday',
    ),
    (MINIMAL + MULTIPLIER.replace('"tue"', '"15-18"'), "program[0].multiplier[0].schedule: "),
    (MINIMAL + MULTIPLIER.replace('"tue"', f'"{"mon; " * 99}tue"'), "longer than 300 characters"),
    (MINIMAL + MULTIPLIER.replace("Happy", ""), 'multiplier[0].name: "": must have at least 1 character'),
    (
        MINIMAL + '[[program.cap]]\npoints = 1\nperiod = "year"\n',
        'program[0].cap[0].period: "year": must be "day", "we',
    ),
    (MINIMAL + '[[program.cap]]\npoints = 0\nperiod = "day"\n', "program[0].cap[0].points: 0: must be at least 1"),
    (
        MINIMAL + '[[program.cap]]\npoints = 1\nperiod = "day"\n[[program.cap]]\npoints = 2\nperiod = "day"\n',
        'program[0].cap[1].period: "day": cap[0] limits this period',
    ),
]
TIERS = [
    (MINIMAL + TIER.replace("[[program.tier]]", "[program.tier]"), "write [[program.tier]] with double brackets"),
    (MINIMAL + TIER.replace('"gold"', '"Gold!"'), 'program[0].tier[0].id: "Gold!": not a slug'),
    (MINIMAL + TIER.replace("100", "0"), "program[0].tier[0].threshold: 0: must be at least 1"),
    (MINIMAL + TIER.replace("100", "1.5"), "program[0].tier[0].threshold: 1.5: not a threshold; write a whole number"),
    (MINIMAL + TIER.replace("100", '"100"'), 'program[0].tier[0].threshold: "100": not an amount'),
    (MINIMAL + TIER + TIER.replace("100", "200"), 'program[0].tier[1].id: "gold": tier[0] has this id'),
    (
        MINIMAL + TIER + TIER.replace("gold", "silver"),
        "program[0].tier[1].threshold: 100: tier[0] has this threshold; a higher tier takes more",
    ),
    (
        MINIMAL + BY_SPEND + SPEND_TIER + SPEND_TIER.replace("gold", "silver").replace("500 EUR", "500.00 EUR"),
        'program[0].tier[1].threshold: "500.00 EUR": tier[0] has this threshold',
    ),
    (MINIMAL + SPEND_TIER, 'tier[0].threshold: "500 EUR": tiers by "points" count whole numbers; write it without'),
    (
        MINIMAL + BY_SPEND + TIER,
        'tier[0].threshold: 100: tiers by "spend" count money; write an amount and a unit, for example "500 EUR"',
    ),
    (
        MINIMAL + BY_SPEND + SPEND_TIER.replace("EUR", "USD"),
        'tier[0].threshold: "500 USD": not in the currency of tier_basis; one currency is counted',
    ),
    (
        MINIMAL + BY_SPEND.replace('currency = "EUR"\n', "") + SPEND_TIER,
        'program[0].tier_basis.currency: missing; tiers by "spend" count one currency: write for example curr',
    ),
    (
        MINIMAL + BY_SPEND.replace("spend", "visits") + TIER,
        'program[0].tier_basis.currency: "EUR": only tiers by "spend" count a currency; remove it',
    ),
    (MINIMAL + BY_SPEND.replace("EUR", "euro") + SPEND_TIER, 'tier_basis.currency: "euro": unknown unit; write "sat"'),
    (MINIMAL + BY_SPEND.replace("spend", "mood") + SPEND_TIER, 'by: "mood": must be "points", "spend" or "visits"'),
    (MINIMAL + '[program.tier_basis]\nwindow = "9d"\n' + TIER, "program[0].tier_basis.by: missing; write it"),
    (MINIMAL + '[program.tier_basis]\nby = "visits"\nwindow = "0d"\n' + TIER, 'window: "0d": must be above 0'),
    (MINIMAL + '[program.tier_basis]\nby = "visits"\ngrace = "1h"\n' + TIER, 'grace: "1h": not a span of days'),
    (
        MINIMAL + '[program.tier_basis]\nby = "visits"',
        "program[0].tier_basis: a table: needs tier; write it, or remove",
    ),
    (
        MINIMAL + '[[program.tier_basis]]\nby = "visits"\n' + TIER,
        "program[0].tier_basis: a list of 1: not a table; write [program.tier_basis] on a line of its own",
    ),
]
PERKS = [
    (
        MINIMAL + '[[program.perk]]\ntier = "gold"\ntype = "note"\nvalue = "x"\n',
        'program[0].perk[0].tier: "gold": no tier has this id; add a section [[program.tier]]',
    ),
    (
        MINIMAL + TIER + '[[program.perk]]\ntier = "silver"\ntype = "note"\nvalue = "x"\n',
        'program[0].perk[0].tier: "silver": no tier has this id; known here: "gold"',
    ),
    (perk("hug", "1"), 'program[0].perk[0].type: "hug": must be "multiplier", "discount_percent", "item" or "note"'),
    (perk("multiplier", "twice"), 'program[0].perk[0].value: "twice": not a plain decimal number'),
    (perk("discount_percent", "101"), 'value: "101": more than everything; write a percentage of at most 100'),
    (perk("note", ""), 'program[0].perk[0].value: "": must have at least 1 character'),
    (
        perk("multiplier", "2") + '[[program.perk]]\ntier = "gold"\ntype = "multiplier"\nvalue = "3"\n',
        'program[0].perk[1].tier: "gold": perk[0] is a multiplier of this tier',
    ),
]
REWARDS = [
    (reward(("10", "0")), "program[0].reward[0].cost: 0: must be at least 1"),
    (reward(('"coffee"\ntitle', '"a coffee"\ntitle')), 'program[0].reward[0].id: "a coffee": not a slug'),
    (reward(('"item"', '"gift"')), 'program[0].reward[0].type: "gift": must be "item", "discount_percent"'),
    (reward(('"item"', '"discount_percent"')), 'reward[0].value: "coffee": not a plain decimal number'),
    (reward(('"item"', '"discount_percent"'), ('= "coffee"\n', '= "0"\n')), 'value: "0": must be above 0'),
    (reward(('"item"', '"discount_amount"')), 'reward[0].value: "coffee": not an amount; write an amount and a unit'),
    (reward(('"item"', '"sats"'), ('value = "coffee"', 'value = "1 EUR"')), '"1 EUR": not an amount of bitcoin; write'),
    (MINIMAL + REWARD + REWARD, 'program[0].reward[1].id: "coffee": reward[0] has this id'),
    (MINIMAL + REWARD + 'min_tier = "gold"', 'reward[0].min_tier: "gold": no tier has this id; add a section'),
    (MINIMAL + REWARD + "stock = -1", "program[0].reward[0].stock: -1: must be at least 0"),
    (MINIMAL + REWARD + "limit = 0", "program[0].reward[0].limit: 0: must be at least 1"),
    (MINIMAL + REWARD + 'limit_period = "day"', 'limit_period: "day": needs limit; write it, or remove this'),
    (MINIMAL + REWARD + 'limit = 1\nlimit_period = "year"', 'limit_period: "year": must be "day", "week" or "month"'),
    (MINIMAL + REWARD + 'valid_from = "1.1.2026"', 'valid_from: "1.1.2026": not a date; write it like "2026-12-31"'),
    (MINIMAL + REWARD + 'valid_from = "2026-02-29"', 'valid_from: "2026-02-29": no day of the calendar'),
    (MINIMAL + REWARD + 'valid_from = "0026-02-28"', "not between the years 2000 and 2999"),
    (MINIMAL + REWARD + "valid_from = 2026-02-28", "valid_from: 2026-02-28: not a text; write it in quotes"),
    (
        MINIMAL + REWARD + 'valid_from = "2026-03-02"\nvalid_until = "2026-03-01"',
        'program[0].reward[0].valid_until: "2026-03-01": before valid_from (2026-03-02)',
    ),
    (MINIMAL + REWARD + 'hold = "0d"', 'program[0].reward[0].hold: "0d": must be above 0'),
    (MINIMAL + REWARD + 'until = "2026-03-01"', "program[0].reward[0].until: unknown key"),
]
HANDS = [
    (limits("guard", "customer_orders = 0"), "program[0].guard.customer_orders: 0: must be at least 1"),
    (limits("guard", "customer_orders = 3", 'action = "stop"'), 'guard.action: "stop": must be "flag" or "hold"'),
    (limits("guard", 'action = "hold"'), 'guard.action: "hold": needs customer_orders, source_orders or both'),
    (limits("guard", "orders = 3"), "program[0].guard.orders: unknown key; did you mean"),
    (limits("hand", "count = -1"), "program[0].hand.count: -1: must be at least 0"),
    (limits("hand", 'undo = "never"'), 'program[0].hand.undo: "never": not a span of time'),
    (limits("hand", "limit = 1"), "program[0].hand.limit: unknown key here; it belongs in [[program.reward]]"),
    (with_key("guard = 3"), "program[0].guard: 3: not a table; write [program.guard] on a line of its own"),
    (MINIMAL + "[guard]\n", 'guard: unknown key here; it belongs in [[program]]'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"), [*SPANS, *PROGRAM_KEYS, *EARNING, *MULTIPLYING, *TIERS, *PERKS, *REWARDS, *HANDS]
)
def test_one_mistake_gives_one_line(tmp_path: Path, text: str, line: str) -> None:
    """Each kind of mistake in a rule is told once, with its place in the file, its value and what to type."""
    found = mistakes(tmp_path, text)
    assert len(found) == 1, found
    assert line in found[0]


def test_what_is_no_mistake(tmp_path: Path) -> None:
    """Every rule at once, and one of each that comes as often as it may, are accepted."""
    several = EARN.replace("1000 sat", "1 EUR") + MULTIPLIER * 2 + TIER + TIER.replace("gold", "a").replace("100", "1")
    assert mistakes(tmp_path, EVERY_RULE) == ()
    assert mistakes(tmp_path, MINIMAL + several + REWARD + REWARD.replace("coffee", "tea")) == ()


def test_rules_of_two_programs_do_not_meet(tmp_path: Path) -> None:
    """What must be there once must be there once in each program."""
    second = (PROGRAM + EARN + TIER + REWARD).replace("cafe-sol", "bar")
    assert mistakes(tmp_path, MINIMAL + TIER + REWARD + second) == ()
    found = mistakes(tmp_path, MINIMAL + TIER + REWARD + second + REWARD)
    assert found == ('program[1].reward[1].id: "coffee": reward[0] has this id',)


@pytest.mark.parametrize(
    "text",
    [
        earning('type = "{}", points = 1'),
        earning('type = "{}"'),
        earning('type = "item", points = 1, item = "x", {} = 1'),
        MINIMAL + MULTIPLIER.replace("tue", "{}"),
        MINIMAL + REWARD + 'valid_from = "{}"',
        MINIMAL + REWARD + 'min_tier = "{}"',
        with_key('point_value = "1 {}"'),
        with_key('exclude = ["{}"]'),
        with_key('claim_url = "{}"'),
    ],
)
def test_a_secret_is_never_repeated(tmp_path: Path, text: str) -> None:
    """Also where a sentence quotes what it found, an nsec in the place of a rule's value is not shown."""
    secret = new_key().nsec()
    found = mistakes(tmp_path, text.replace("{}", secret))
    assert found
    assert secret[5:] not in "\n".join(found)
