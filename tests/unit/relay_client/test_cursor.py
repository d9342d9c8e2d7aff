"""relay_client.cursor."""

from relay_client.cursor import is_ahead, resume_since, sweep_since


def test_reading_resumes_behind_our_own_clock() -> None:
    """Bug 51: the window begins rewind_s before the time when we last asked; no event's time has a say."""
    assert resume_since(1_800_000_000, 180_000, 1_800_000_300) == 1_799_820_000


def test_a_relay_never_read_is_read_from_the_beginning() -> None:
    """Without a cursor there is no `since`, in a sweep neither."""
    assert resume_since(None, 600, 1_800_000_000) is None
    assert sweep_since(None, 600, 1_800_000_000, 86_400) is None


def test_a_sweep_covers_a_catch_up() -> None:
    """A sweep looks back over its window, and over more after a longer absence."""
    wall = 1_800_000_000
    assert sweep_since(wall, 600, wall, 86_400) == wall - 86_400
    assert sweep_since(wall - 1_000_000, 600, wall, 86_400) == wall - 1_000_600


def test_a_clock_that_was_set_back() -> None:
    """Bug 64: a cursor ahead of our clock is known as such; no window begins in the future, nor below zero."""
    assert is_ahead(1_900_000_000, 1_800_000_000)
    assert not is_ahead(1_800_000_000, 1_800_000_000)
    assert not is_ahead(None, 0)
    assert resume_since(1_900_000_000, 600, 1_800_000_000) == 1_799_999_400
    assert resume_since(5, 600, 1_800_000_000) == 0
