"""The bench is a program like any other: it must run, and count right. No time is asserted anywhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_the_bench_measures_every_mode_and_reads_all_entries_back() -> None:
    """A small run ends with 0, which it does only if each order gave one verified entry and one answer in each mode."""
    command = [sys.executable, "-m", "bench", "--quick", "--orders", "200", "--customers", "20", "--only", "b"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.findall(r"b  ours, (.+), all sent: .+with (\d+) answers", ran.stdout) == [
        ("public", "200"), ("private", "120"), ("private, wrapped orders", "120"),
    ]  # fmt: skip


def test_an_unknown_step_is_refused() -> None:
    """A letter that names no step ends the bench with the list of those there are, before anything is started."""
    command = [sys.executable, "-m", "bench", "--only", "b,z"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert "no step z" in ran.stderr
