"""What `kinds.proof_of_work` (NIP-13) promises."""

import pytest

from kinds.event import Rumor, Template, author, claim, verify
from kinds.proof_of_work import committed_target, difficulty, is_enough, work
from tests.unit.kinds.samples import CUSTOMER, NOW

EXAMPLE = verify(
    claim(
        {
            "id": "000006d8c378af1779d2feebc7603a125d99eca0ccf1085959b307f64e5dd358",
            "pubkey": "a48380f4cfcc1ad5378294fcac36439770f9c878dd880ffa94bb74ea54a6f243",
            "created_at": 1651794653,
            "kind": 1,
            "tags": [["nonce", "776797", "20"]],
            "content": "It's just me mining my own business",
            "sig": "284622fc0a3f4f1303455d5175f7ba962a3300d136085b9566801bc2e0699de0"
            "c7e31e44c81fb40ad9049173742e904713c3594a1da0fc5d2382a25c11aba977",
        }
    )
)


def mined(bits: int, promised: int | None) -> Rumor:
    """A rumor whose id has exactly `bits` zero bits, with `promised` in its nonce tag."""
    for attempt in range(1_000_000):
        promise = () if promised is None else (str(promised),)
        found = author(Template(1, NOW, (("nonce", str(attempt), *promise),), ""), CUSTOMER.public)
        if difficulty(found.id) == bits:
            return found
    raise AssertionError("no luck in a million attempts")


@pytest.mark.parametrize(
    ("event_id", "bits"),
    [
        ("000000000e9d97a1ab09fc381030b346cdd7a142ad57e6df0b46dc9bef6c7e2d", 36),
        ("002f" + "0" * 60, 10),
        ("f" * 64, 0),
        ("7" + "f" * 63, 1),
        ("0" * 63 + "1", 255),
        ("0" * 64, 256),
    ],
)
def test_difficulty_counts_the_zero_bits_in_front(event_id: str, bits: int) -> None:
    """Both examples of NIP-13, and the borders."""
    assert difficulty(event_id) == bits


def test_the_mined_note_of_nip_13() -> None:
    """It aimed at 20 and had the luck of 21: 20 count."""
    assert (difficulty(EXAMPLE.id), committed_target(EXAMPLE.tags), work(EXAMPLE)) == (21, 20, 20)
    assert is_enough(EXAMPLE, 20)
    assert not is_enough(EXAMPLE, 21)


def test_luck_is_no_work() -> None:
    """Who promises less than is wanted, or nothing, is refused however good the id is."""
    assert not is_enough(mined(8, 4), 8)
    assert not is_enough(mined(8, None), 8)
    assert is_enough(mined(8, 8), 8)


def test_a_promise_that_was_not_kept_is_no_work() -> None:
    """Promising 256 bits each time and sending what luck brings would be free."""
    assert work(mined(8, 256)) == 0
    assert not is_enough(mined(8, 256), 1)


def test_no_work_wanted_none_needed() -> None:
    """0 takes everybody."""
    assert is_enough(mined(0, None), 0)


@pytest.mark.parametrize(
    "tags",
    [
        (), (("nonce",),), (("nonce", "1"),), (("nonce", "1", "x"),), (("nonce", "1", "-1"),), (("nonce", "1", "08"),),
        (("nonce", "1", "8"), ("nonce", "2", "20")),
    ],
)  # fmt: skip
def test_an_unclear_promise_is_none(tags: tuple[tuple[str, ...], ...]) -> None:
    """No third value, one that is no number, or two promises to choose from."""
    assert committed_target(tags) is None
