"""relay_client.filter."""

import pytest

from kinds.event import claim
from relay_client.filter import Filter
from tests.unit.relay_client.stage import ME, WALL, event


def test_a_filter_stands_in_a_req_as_nip_01_writes_it() -> None:
    """Only what is given is written; tags stand beside the other attributes."""
    wanted = Filter(kinds=(7412,), tags={"#p": (ME,)}, since=5, limit=1)
    assert wanted.to_object() == {"kinds": [7412], "#p": [ME], "since": 5, "limit": 1}
    assert Filter().to_object() == {}


def test_zero_is_written() -> None:
    """since 0 and limit 0 are values, not absences."""
    assert Filter(since=0, limit=0).to_object() == {"since": 0, "limit": 0}


def test_attributes_are_joined_by_and() -> None:
    """Kind, author, tag and both ends of the window have to agree; the ends are inside."""
    arrived = claim(event())
    assert Filter(kinds=(1, 7412), authors=("cd" * 32,), tags={"#p": ("00" * 32, ME)}).matches(arrived)
    assert Filter(since=WALL, until=WALL).matches(arrived)
    for other in (
        Filter(kinds=(1,)),
        Filter(authors=("00" * 32,)),
        Filter(ids=("00" * 32,)),
        Filter(tags={"#p": ("00" * 32,)}),
        Filter(tags={"#e": (ME,)}),
        Filter(since=WALL + 1),
        Filter(until=WALL - 1),
    ):
        assert not other.matches(arrived)


def test_only_the_first_value_of_a_tag_counts() -> None:
    """["p", other, me] is not for me; a tag without value is nobody's."""
    assert not Filter(tags={"#p": (ME,)}).matches(claim(event(tags=[["p", "00" * 32, ME], ["p"]])))


@pytest.mark.parametrize("tags", [{"p": (ME,)}, {"#pp": (ME,)}, {"#1": (ME,)}, {"#p": ()}])
def test_what_matches_nothing_is_refused(tags: dict[str, tuple[str, ...]]) -> None:
    """A tag name that relays do not index, or an attribute without values, is our mistake."""
    with pytest.raises(ValueError):
        Filter(tags=tags)
    with pytest.raises(ValueError):
        Filter(kinds=())
