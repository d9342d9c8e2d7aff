"""relay_client.verdict."""

import pytest

from relay_client.verdict import Answer, is_rate_limit, of_closed, of_ok, retry_later


@pytest.mark.parametrize("accepted", [True, False])
def test_a_duplicate_is_a_success(accepted: bool) -> None:
    """Bug 77: `duplicate:` is success, whether the relay says true or false."""
    verdict = of_ok(accepted, "duplicate: already have this event")
    assert verdict.answer is Answer.DUPLICATE
    assert verdict.settled


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("auth-required: we only serve members", Answer.NEEDS_AUTH),
        ("rate-limited: slow down there chief", Answer.RETRY_LATER),
        ("error: could not connect to the database", Answer.RETRY_LATER),
        ("blocked: you are banned", Answer.NEVER),
        ("invalid: event creation date is too far off", Answer.NEVER),
        ("restricted: not allowed to write", Answer.NEVER),
        ("pow: difficulty 26 is less than 30", Answer.NEVER),
        ("mute: no one was listening", Answer.NEVER),
        ("unsupported: filter contains unknown elements", Answer.NEVER),
        ("deleted: user requested deletion", Answer.NEVER),
        ("replaced: have newer event", Answer.DUPLICATE),
        ("BLOCKED: shouting", Answer.NEVER),
        ("", Answer.RETRY_LATER),
        ("no idea", Answer.RETRY_LATER),
    ],
)
def test_a_refusal_is_judged_by_its_prefix(text: str, answer: Answer) -> None:
    """Every prefix of NIP-01 has one meaning, in OK and in CLOSED; an unknown text is no final word."""
    assert of_ok(False, text).answer is answer
    assert of_closed(text).answer is answer


def test_true_is_true() -> None:
    """An OK with true is accepted, whatever remark the relay adds."""
    assert of_ok(True, "").answer is Answer.ACCEPTED
    assert of_ok(True, "pow: difficulty 25>=24").answer is Answer.ACCEPTED


def test_only_what_is_tried_again_has_a_time() -> None:
    """retry_s is above 0 with RETRY_LATER, and 0 with everything else."""
    for text in ("rate-limited: x", "error: x", "", "blocked: x", "auth-required: x", "duplicate: x"):
        verdict = of_closed(text)
        assert (verdict.retry_s > 0) == (verdict.answer is Answer.RETRY_LATER)
    assert retry_later("no OK in time").retry_s > 0
    assert retry_later("no OK in time").is_ours
    assert not of_ok(False, "no OK in time").is_ours


def test_a_rate_limit_is_recognised() -> None:
    """Only "rate-limited:" is one; a text is kept short."""
    assert is_rate_limit(of_ok(False, "rate-limited: x"))
    assert not is_rate_limit(of_ok(False, "error: x"))
    assert len(of_ok(False, "x" * 10_000).text) <= 300
