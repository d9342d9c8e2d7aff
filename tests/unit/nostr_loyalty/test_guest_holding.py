"""What a guest is told of what was found: that it holds together, or exactly what does not."""

from collections.abc import Callable
from typing import Any

import pytest

from kinds import entry as entries
from kinds import program as programs
from kinds.card import Card
from kinds.entry import Entry
from kinds.errors import CODES
from kinds.event import Event, Template, sign
from kinds.keys import SecretKey
from kinds.program import Program, address
from kinds.tags import NUMBER_MAX
from nostr_loyalty.guest.holding import Holding, held
from nostr_loyalty.guest.program_search import address_of, filters, newest
from tests.venue import new_key

NOW = 1_800_000_000
ISSUER, GUEST, OTHER = new_key(), new_key().public, new_key()
CAFE = address(ISSUER.public, "cafe")


def definition(at: int = NOW, *, key: SecretKey = ISSUER, slug: str = "cafe", title: str = "Café") -> Event:
    """Rules in force from this time on."""
    return sign(programs.template(Program(key.public, slug, title), at), key)


RULES = definition()
RULES_TEMPLATE = programs.template(Program(ISSUER.public, "cafe", "Café"), NOW)


def chain(
    *points: int, rev: Event = RULES, change: Callable[[int, Entry], Entry] = lambda _, entry: entry, since: int = NOW,
) -> list[Event]:  # fmt: skip
    """A chain of these movements, an hour apart; `change` alters an entry before it is signed."""
    found: list[Event] = []
    balance = 0
    for seq, moved in enumerate(points, start=1):
        balance += moved
        entry = Entry(
            program=CAFE, relay="", customer=GUEST, type="earned" if moved >= 0 else "redeemed", points=moved,
            balance=balance, seq=seq, prev=found[-1].id if found else None, rev=rev.id, key=f"{seq:064x}", text="",
        )  # fmt: skip
        found.append(sign(entries.template(change(seq, entry), since + 3_600 * seq), ISSUER))
    return found


def anew(*points: int, since: int = NOW + 30 * 3_600, of: int = 100) -> list[Event]:
    """The chain of a key that came back after it was forgotten; its idempotency keys begin at `of`."""
    return chain(*points, since=since, change=lambda seq, entry: entry._replace(key=f"{of + seq:064x}"))


def card(lines: list[Event], **changed: Any) -> Card:
    """The card that agrees with a chain, but for what is changed."""
    last = entries.parse(lines[-1])
    plain = Card(CAFE, GUEST, last.balance, 50, 1, last.seq, lines[-1].id)
    return plain._replace(**changed)


def found(
    lines: list[Event], shown: Card | None, *, in_force: Event | None = RULES, known: tuple[Event, ...] = (RULES,),
    by_customer: bool = False,
) -> Holding:  # fmt: skip
    """What is made of this."""
    return held(
        CAFE, GUEST, lines=reversed(lines), card=shown, is_private=False, in_force=in_force,
        known={event.id: event for event in known}, by_customer=by_customer,
    )  # fmt: skip


def test_what_holds_has_no_fault() -> None:
    """Entries in any order, with their card and their rules."""
    lines = chain(12, 30, -10)
    holding = found(lines, card(lines))
    assert (holding.faults, holding.remarks) == ((), ())
    assert [event.id for event, _ in holding.chain] == [event.id for event in lines]
    assert holding.definition is not None
    assert holding.definition.title == "Café"


def test_nothing_at_all_is_no_fault() -> None:
    """A program of which there is a definition and no entry: no card was found, and nothing contradicts itself."""
    assert found([], None).faults == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda seq, entry: entry._replace(balance=99) if seq == 2 else entry, "chain-wrong-balance"),
        (lambda seq, entry: entry._replace(prev="ab" * 32) if seq == 2 else entry, "chain-wrong-prev"),
        (lambda seq, entry: entry._replace(key=f"{1:064x}") if seq == 2 else entry, "chain-duplicate-key"),
    ],
)
def test_a_chain_that_does_not_hold_is_told_with_its_entry(change: Callable[[int, Entry], Entry], says: str) -> None:
    """The entry's number, and what is wrong with it, in words."""
    lines = chain(12, 30, change=change)
    assert f"entry 2: {CODES[says]}" in found(lines, card(lines)).faults


def test_an_entry_that_is_missing_is_told() -> None:
    """A gap, with its number, and a card that is further than what was found."""
    lines = chain(12, 30, 8)
    (fault,) = found([lines[0], lines[2]], card(lines)).faults
    assert fault.startswith("entry 2 is missing: not sent while notices were switched off, or")
    assert found(lines[:2], card(lines)).faults == ("the card is at entry 3, and the last entry that was found is 2",)


def test_a_chain_that_began_anew_is_verified_and_the_earlier_one_noted() -> None:
    """A key that was forgotten came back, twice: what counts is since the newest beginning, whatever is left."""
    earlier, between, lines = chain(12, 30, -10), anew(7, of=50, since=NOW + 20 * 3_600), anew(5, 8)
    for left in (earlier, earlier[2:], [earlier[0], earlier[2]]):
        holding = found([*left, *between, *lines], card(lines), by_customer=True)
        assert holding.faults == ()
        assert [event.id for event, _ in holding.chain] == [event.id for event in lines]
        assert {event.id for event, _ in holding.earlier} == {event.id for event in (*left, *between)}
        (remark,) = holding.remarks
        assert remark.startswith(f"{len(left) + 1} entries of an earlier chain: this key was forgotten")
    (remark,) = found([earlier[0], *lines], card(lines)).remarks
    assert remark.startswith("1 entry of an earlier chain: ")


def test_a_chain_that_began_anew_within_a_second_is_told_apart_by_its_links() -> None:
    """Forgotten and back within one second: the card's last entry goes back to the beginning that counts."""
    earlier, lines = chain(12), anew(5, since=NOW)
    both = found([*earlier, *lines], card(lines))
    assert (both.faults, [event.id for event, _ in both.chain]) == ((), [lines[0].id])
    assert found([*lines, *earlier], card(earlier)).chain[0][0].id == earlier[0].id


def test_breaks_stay_breaks_where_a_chain_began_anew() -> None:
    """A gap in the new chain, a wrong sum in the earlier one, an earlier one that goes on, a fact that came twice."""
    earlier, lines = chain(12, 30, -10), anew(5, 8, 9)
    (gap,) = found([*earlier, lines[0], lines[2]], card(lines)).faults
    assert gap.startswith("entry 2 is missing")
    wrong = chain(12, 30, change=lambda seq, entry: entry._replace(balance=99) if seq == 2 else entry)
    (fault,) = found([*wrong, *lines], card(lines)).faults
    assert fault == f"entry 2 of an earlier chain: {CODES['chain-wrong-balance']}"
    goes_on = chain(12, 30, -10, since=NOW + 30 * 3_600 - 1_800)
    assert found([*goes_on, *anew(5)], card(anew(5))).faults
    twice = anew(5, of=0)
    (fault,) = found([*earlier, *twice], card(twice)).faults
    assert fault == "entry 1 of an earlier chain carries an idempotency key that came again"
    assert "the card is at entry 3" in found([*earlier, *anew(5)], card(earlier)).faults[0]


def test_an_entry_that_is_older_than_its_beginning_is_no_earlier_chain() -> None:
    """Entry 2 is dated before entry 1, to which it is linked: time runs backwards."""
    lines = chain(12, 30)
    back = sign(entries.template(entries.parse(lines[1]), NOW), ISSUER)
    (fault,) = found([lines[0], back], card([lines[0], back])).faults
    assert fault == f"entry 2: {CODES['chain-time-reversed']}"


@pytest.mark.parametrize("by_customer", [False, True])
def test_a_beginning_that_nobody_can_see_is_noted(by_customer: bool) -> None:
    """What was withdrawn is not published again, and what was private was never: the rest is verified from there on.
    The guest's own client says what may have become of it, everybody else's that it is private.
    """
    lines = chain(12, 30, 8, -10, 5)
    holding = found(lines[2:], card(lines), by_customer=by_customer)
    assert (holding.faults, holding.begins, holding.is_unproven) == ((), 3, False)
    (remark,) = holding.remarks
    assert remark.startswith("the entries up to number 2 are " + ("not here: withdrawn" if by_customer else "private"))
    (remark,) = found(lines[1:], card(lines)).remarks
    assert remark == "entry 1 is private"


def test_a_card_without_an_entry_is_not_proven() -> None:
    """All entries are private: nothing contradicts itself, and nothing shows that it is so."""
    holding = found([], card(chain(12, 30, 8)))
    assert (holding.faults, holding.begins, holding.is_unproven) == ((), 0, True)
    assert holding.remarks == ("the entries up to number 3 are private",)
    assert not found([], None).is_unproven


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda seq, entry: entry._replace(balance=99) if seq == 4 else entry, "chain-wrong-balance"),
        (lambda seq, entry: entry._replace(prev="ab" * 32) if seq == 4 else entry, "chain-wrong-prev"),
        (lambda seq, entry: entry._replace(key=f"{3:064x}") if seq == 4 else entry, "chain-duplicate-key"),
    ],
)
def test_behind_a_private_beginning_a_break_is_told(change: Callable[[int, Entry], Entry], says: str) -> None:
    """A wrong sum, a wrong link, a key that comes twice, and an entry that is missing between two."""
    lines = chain(12, 30, 8, 9, 5, change=change)
    assert f"entry 4: {CODES[says]}" in found(lines[2:], card(lines)).faults
    sound = chain(12, 30, 8, 9, 5)
    (fault,) = found([sound[2], sound[4]], card(sound)).faults
    assert fault.startswith("entry 4 is missing")
    (fault,) = found(sound[2:4], card(sound)).faults
    assert fault == "the card is at entry 5, and the last entry that was found is 4"


def test_many_gaps_are_told_in_ranges() -> None:
    """What stands before the first gap is verified all the same; an entry that stands twice is no gap."""
    lines = chain(*[1] * 20, change=lambda seq, entry: entry._replace(balance=9) if seq == 2 else entry)
    few = [lines[at] for at in (0, 1, 5, 7, 9, 11, 13, 15, 19)]
    wrong, gaps = found(few, card(lines)).faults
    assert wrong == f"entry 2: {CODES['chain-wrong-balance']}"
    assert gaps.startswith("entries 3 to 5, 7, 9, 11, 13, … are missing")
    other = chain(1, change=lambda _, entry: entry._replace(text="another"))
    assert found([*chain(1, 1), *other], None).faults[0].startswith("entry ")


def test_a_gap_as_wide_as_numbers_go_is_told_at_once() -> None:
    """Whoever signs entry 1 and entry 2**53 - 1 costs the guest neither time nor memory."""
    far = chain(1, 1, change=lambda seq, entry: entry._replace(seq=NUMBER_MAX if seq == 2 else seq))
    (fault,) = found(far, card(far)).faults
    assert fault.startswith(f"entries 2 to {NUMBER_MAX - 1} are missing")


@pytest.mark.parametrize("changed", [{"points": 43}, {"head": "ab" * 32}])
def test_a_card_that_says_something_else_is_told(changed: dict[str, Any]) -> None:
    """Balance and last entry must be the chain's."""
    lines = chain(12, 30)
    (fault,) = found(lines, card(lines, **changed)).faults
    assert fault.startswith(f"the card says {changed.get('points', 42)}, and the last entry 42")


def test_what_is_somebody_else_s_is_told() -> None:
    """A card and entries that name another guest prove nothing about this one."""
    lines = chain(12, change=lambda _, entry: entry._replace(customer=OTHER.public))
    assert found(lines, card(lines, customer=OTHER.public)).faults == (
        "an entry is about somebody else", "the card is about somebody else",
    )  # fmt: skip


def test_a_program_that_is_not_there_is_told() -> None:
    """Points of a program that nobody has defined."""
    lines = chain(12)
    assert "the program's definition is on none of these relays" in found(lines, None, in_force=None, known=()).faults


def test_a_definition_that_cannot_be_read_is_told() -> None:
    """It is there, and says nothing that could be applied."""
    broken = sign(RULES_TEMPLATE._replace(tags=(*RULES_TEMPLATE.tags, ("earn", "luck", "1"))), ISSUER)
    (fault,) = found([], None, in_force=broken, known=(broken,)).faults
    assert fault.startswith("the program's definition cannot be read")


@pytest.mark.parametrize(
    "rules",
    [
        definition(key=OTHER), definition(slug="bar"),
        sign(Template(1, NOW, (("d", "cafe"),), "an event that is no definition"), ISSUER),
    ],
    ids=["another-key", "another-program", "no-definition"],
)  # fmt: skip
def test_rules_that_are_not_the_issuer_s_are_told(rules: Event) -> None:
    """An entry must name a definition of its own program, which only the issuer can sign."""
    lines = chain(12, rev=rules)
    (fault,) = found(lines, card(lines), known=(RULES, rules)).faults
    assert fault == "entry 1 names as its rules what is no definition of this program by its issuer"


def test_earlier_rules_that_relays_keep_no_more_are_noted() -> None:
    """A later definition has taken their place: nobody has done anything wrong."""
    lines = chain(12, 30, rev=definition(NOW - 100))
    later = definition(NOW + 90_000, title="Café Sol")
    holding = found(lines, card(lines), in_force=later, known=(later,))
    assert holding.faults == ()
    assert holding.remarks[0].startswith("2 entries were made under earlier rules")


def test_rules_that_nobody_has_are_told() -> None:
    """What is younger than the rules in force was not made under others; of many a few are told one by one."""
    lines = chain(*[1] * 8, rev=definition(NOW - 100))
    faults = found(lines, card(lines)).faults
    assert faults[0] == "entry 1 names rules that nobody has, although it is younger than the rules in force"
    assert (len(faults), faults[-1]) == (6, "and 3 more")


def test_the_newest_definition_is_in_force() -> None:
    """By time, and of two in one second by the lower id (NIP-01); what defines no program is left out."""
    same = sorted([definition(title="A"), definition(title="B")], key=lambda event: event.id)
    later = definition(NOW + 1)
    assert newest(same) == newest(same[::-1]) == {CAFE: same[0]}
    assert newest([later, *same, sign(Template(1, NOW + 9, (), ""), ISSUER)]) == {CAFE: later}
    assert address_of(sign(Template(37_411, NOW, (("d", "Not A Slug"),), ""), ISSUER)) is None


def test_programs_are_asked_for_in_parts() -> None:
    """No question names more than fifty, and none is forgotten."""
    wanted = [address(ISSUER.public, f"p{n}") for n in range(101)]
    asked = list(filters(wanted))
    assert [len(each.tags["#d"]) for each in asked] == [50, 50, 1]
    assert [slug for each in asked for slug in each.tags["#d"]] == [f"p{n}" for n in range(101)]
    assert {each.authors for each in asked} == {(ISSUER.public,)}
