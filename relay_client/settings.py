"""Every bound and every wait of this room, in one place, with its unit. Nothing here is unlimited."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Limits of a pool and of each of its connections. Times in seconds, sizes in bytes, unless the name says
    otherwise.
    """

    # What waits for the owner, per connection. When it is full, that socket is not read until half of it is taken.
    deliveries_max: int = 1_500
    deliveries_bytes_max: int = 8 * 1024 * 1024
    # What waits for a relay, per connection: queued, sent and unanswered together.
    posts_max: int = 2_000
    posts_bytes_max: int = 16 * 1024 * 1024
    in_flight_max: int = 1_000
    # Outcomes that the owner has not yet taken, over all connections: post() says no beyond it.
    outcomes_max: int = 50_000

    # Questions to one relay: at once, and the bytes of one answer.
    questions_max: int = 16
    answer_bytes_max: int = 2 * 1024 * 1024

    # Relays that are not ours (see errands): how many at once, and of them for strangers alone; closed when not wanted
    # for how long, kept for how long at least, and when one at a forbidden address is looked at again.
    errands_max: int = 64
    errands_strangers_max: int = 8
    errand_idle_s: float = 120.0
    errand_s_min: float = 10.0
    forbidden_s: float = 3_600.0

    # What one relay may send us at once.
    text_bytes_max: int = 2 * 1024 * 1024
    event_bytes_max: int = 256 * 1024

    # Catch-up: pages, their size without a word from NIP-11, and how far a word from NIP-11 may raise it.
    page_limit: int = 500
    page_limit_max: int = 2_000
    page_texts_max: int = 50_000
    pages_max: int = 20_000
    page_tries_max: int = 5
    catch_up_every_s: float = 300.0
    sweep_every_s: float = 86_400.0
    sweep_first_s: float = 600.0
    burst_events: int = 200
    burst_quiet_s: float = 2.0
    confirm_wait_s: float = 60.0
    known_max: int = 60_000
    refused_retry_s: float = 3_600.0

    # Deadlines for a relay's answers. They stand still while the socket is not read.
    eose_deadline_s: float = 30.0
    ok_deadline_s: float = 30.0
    auth_deadline_s: float = 15.0
    auth_grace_s: float = 1.0
    auth_attempts_max: int = 30
    auth_at_once: bool = True  # answer a challenge when it comes; False: only when something was refused for want of it
    ping_after_s: float = 20.0
    ping_deadline_s: float = 15.0

    # The socket.
    write_deadline_s: float = 60.0
    open_deadline_s: float = 15.0
    information_deadline_s: float = 5.0
    tick_s: float = 0.2
    backoff_s_first: float = 1.0
    backoff_s_max: float = 300.0
    healthy_s: float = 60.0


def for_errands(settings: PoolSettings) -> PoolSettings:
    """The bounds at a relay that is not ours: whoever named it makes us spend these."""
    return replace(
        settings, deliveries_max=16, posts_max=200, posts_bytes_max=2 * 1024 * 1024, in_flight_max=100,
        text_bytes_max=512 * 1024, event_bytes_max=64 * 1024, auth_at_once=False, auth_attempts_max=3,
        backoff_s_max=60.0,
    )  # fmt: skip
