"""A run of tests ends when its tests are over, also when they fail with a ledger open."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAILING = """
async def test_failing(tmp_path):
    database = await Database.open(tmp_path / "ledger.db")
    async with database.write() as w:
        await w.run("CREATE TABLE t (x)")
        assert database is None
"""


def test_a_ledger_that_is_left_open_keeps_no_run_from_ending(tmp_path: Path) -> None:
    """The thread of each connection is ended with the test, and that it was left open is told beside the failure."""
    (tmp_path / "test_it.py").write_text("from ledger.database import Database\n" + FAILING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path / "test_it.py")]
    found = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert found.returncode == 1, found.stdout + found.stderr
    assert "3 connections to a ledger were left open" in found.stdout
    assert "1 failed, 1 error" in found.stdout
