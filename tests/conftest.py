"""Settings that every test shares; a fixture that only some rooms need lives in their own folder."""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# The machine is small and shared: a slow example is no fault of the code, so hypothesis keeps no deadline. In CI the
# examples are the same in every run, so that a red build is about the change and not about the dice.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Iterator[None]:
    """A command that a test runs in this process sends its logs to that test's stderr, which is gone afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers = before
    root.setLevel(level)
