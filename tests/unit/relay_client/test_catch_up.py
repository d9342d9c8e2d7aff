"""relay_client.catch_up, against a relay that is a sorted list."""

from relay_client.catch_up import CatchUp, Step

Stored = list[tuple[int, str]]


def relay_page(stored: Stored, catch_up: CatchUp, limit: int, *, exclusive: bool = False) -> Stored:
    """What an honest relay gives for the present page."""
    since, until = catch_up.page()
    last = 2**60 if until is None else until - exclusive
    inside = [each for each in stored if (since or 0) <= each[0] <= last]
    return sorted(inside, key=lambda each: (-each[0], each[1]))[:limit]


def read_all(
    stored: Stored, cap: int, since: int | None = None, asked_limit: int = 500, *, exclusive: bool = False
) -> tuple[set[str], CatchUp, Step]:
    """Page until the end; ids seen, and the last step."""
    catch_up = CatchUp(since, 0, pages_max=1_000, page_texts_max=10_000)
    seen: set[str] = set()
    step = Step.NEXT
    while step is Step.NEXT:
        for created_at, event_id in relay_page(stored, catch_up, min(cap, asked_limit), exclusive=exclusive):
            assert catch_up.saw(created_at, event_id)
            seen.add(event_id)
        step = catch_up.ended(asked_limit)
    return seen, catch_up, step


def test_everything_behind_a_cap_is_found() -> None:
    """Bug 70: 1,200 events behind a cap of 500, ties included, are all found, and the catch-up says that it is done."""
    stored = [(1_000 + number // 7, f"{number:04}") for number in range(1_200)]
    seen, catch_up, step = read_all(stored, cap=500)
    assert step is Step.DONE
    assert len(seen) == 1_200
    assert catch_up.crowded == []


def test_a_relay_whose_until_is_exclusive_is_read_to_the_end() -> None:
    """Bug 70: ties at the edge of a page are found at relays that leave the second `until` out, too."""
    stored = [(1_000 + number // 7, f"{number:04}") for number in range(1_200)]
    for cap in (500, 50, 10):
        seen, _, step = read_all(stored, cap=cap, exclusive=True)
        assert (len(seen), step) == (1_200, Step.DONE)


def test_a_relay_that_has_shown_its_until_to_be_inclusive_is_not_asked_for_a_second_twice() -> None:
    """Where every second is full, a page goes on where the last one ended, and not a second before that."""
    stored = [(1_000 + number // 200, f"{number:05}") for number in range(4_000)]
    pages = {False: 0, True: 0}
    for exclusive in pages:
        catch_up = CatchUp(None, 0, pages_max=1_000, page_texts_max=10_000)
        seen: set[str] = set()
        step = Step.NEXT
        while step is Step.NEXT:
            for created_at, event_id in relay_page(stored, catch_up, 500, exclusive=exclusive):
                assert catch_up.saw(created_at, event_id)
                seen.add(event_id)
            step = catch_up.ended(500)
            pages[exclusive] += 1
        assert (len(seen), step, catch_up.crowded) == (4_000, Step.DONE, [])
    assert pages[False] <= 13


def test_a_cap_that_is_lower_than_what_we_asked_for_does_no_harm() -> None:
    """A relay may give less than the limit without a word: only an empty page ends the reading."""
    stored = [(1_000 + number // 3, f"{number:04}") for number in range(200)]
    seen, catch_up, step = read_all(stored, cap=10)
    assert (len(seen), step, catch_up.crowded) == (200, Step.DONE, [])


def test_an_empty_relay_is_read_with_one_page() -> None:
    """Nothing there: one page, done."""
    assert read_all([], cap=500)[2] is Step.DONE


def test_a_crowded_second_is_reported_and_passed() -> None:
    """More events in one second than a page holds: paging goes on before it, and says which second it was."""
    stored = [(500, f"old{number}") for number in range(5)] + [(1_000, f"{number:03}") for number in range(30)]
    seen, catch_up, step = read_all(stored, cap=10)
    assert step is Step.DONE
    assert {f"old{number}" for number in range(5)} <= seen
    assert catch_up.crowded == [1_000]


def test_a_quiet_second_is_not_called_crowded() -> None:
    """Three events of one second, all of them read, are no alarm."""
    seen, catch_up, _ = read_all([(1_000, "a"), (1_000, "b"), (1_000, "c")], cap=10)
    assert (len(seen), catch_up.crowded) == (3, [])


def test_the_window_is_kept() -> None:
    """What lies before `since`, or behind `until`, was not asked for and does not steer the paging."""
    catch_up = CatchUp(100, 0, pages_max=10, page_texts_max=100)
    assert not catch_up.saw(99, "before")
    assert catch_up.saw(200, "a")
    assert catch_up.ended(500) is Step.NEXT
    assert catch_up.page() == (100, 201)
    assert not catch_up.saw(202, "behind")


def test_what_is_not_admitted_does_not_end_the_paging() -> None:
    """A page full of events that we do not take is followed by the next one; one without any time fails."""
    catch_up = CatchUp(None, 0, pages_max=10, page_texts_max=100)
    catch_up.saw_rejected({"created_at": 50, "id": "x", "kind": "no number"})
    assert catch_up.ended(500) is Step.NEXT
    assert catch_up.page().until == 51
    for nonsense in ({"created_at": -1, "id": "x"}, {"created_at": True, "id": "x"}, {"id": "x"}, "x", None):
        catch_up.saw_rejected(nonsense)
    assert catch_up.ended(500) is Step.FAILED


def test_a_relay_that_always_has_something_new_is_given_up() -> None:
    """Pages are bounded, and so is the length of one page."""
    catch_up = CatchUp(None, 0, pages_max=5, page_texts_max=3)
    steps = []
    for number in range(5):
        catch_up.saw(1_000, f"{number}")
        steps.append(catch_up.ended(500))
    assert steps == [Step.NEXT] * 4 + [Step.FAILED]
    for number in range(4):
        catch_up.saw(1_000, f"more{number}")
    assert catch_up.overflowing


def test_a_page_that_broke_off_is_read_again() -> None:
    """After a lost connection the same page is asked for, and what came of it before counts for nothing."""
    catch_up = CatchUp(None, 0, pages_max=10, page_texts_max=100)
    catch_up.saw(1_000, "a")
    assert catch_up.ended(500) is Step.NEXT
    catch_up.saw(10, "half of a page")
    catch_up.restart_page()
    assert catch_up.page().until == 1_001
    assert catch_up.ended(500) is Step.DONE
