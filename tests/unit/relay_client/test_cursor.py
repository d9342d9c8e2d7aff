"""relay_client.cursor."""

from relay_client.cursor import advance, resume_since, sweep_since


def test_reading_resumes_behind_our_own_clock() -> None:
    """Bug 51: the window begins rewind_s before the time when we last asked; no event's time has a say."""
    assert resume_since(1_800_000_000, 180_000) == 1_799_820_000


def test_a_relay_never_read_is_read_from_the_beginning() -> None:
    """Without a cursor there is no `since`, in a sweep neither."""
    assert resume_since(None, 600) is None
    assert sweep_since(None, 600, 1_800_000_000, 86_400) is None


def test_a_sweep_covers_a_catch_up() -> None:
    """A sweep looks back over its window, and over more after a longer absence."""
    wall = 1_800_000_000
    assert sweep_since(wall, 600, wall, 86_400) == wall - 86_400
    assert sweep_since(wall - 1_000_000, 600, wall, 86_400) == wall - 1_000_600


def test_a_cursor_never_goes_back() -> None:
    """Bug 64: our clock may be set back; what was read stays read, and nothing below zero is asked for."""
    assert advance(None, 5) == 5
    assert advance(10, 5) == 10
    assert advance(5, 10) == 10
    assert resume_since(5, 600) == 0
