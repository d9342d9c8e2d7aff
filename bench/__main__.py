"""`python -m bench`: every figure of this project on this machine, in one run."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import uvloop

from bench.figures import Report
from bench.steps import STEPS, Bench

DEFAULT_ONLY = "a,b,c,d,f,g,h,i,j"
QUICK_ONLY = "a,b,c,d,g,i,j"
WHY_FULL = """\
synchronous=FULL: an entry that is committed may be published the moment after; losing it in a power cut would fork a
customer's chain. Relay, load and reader share the cores with what is measured.
"""


def main() -> int:
    """Run what was asked for; 0 when every step ran, whether or not a target was met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes: fewer orders, no million of entries")
    parser.add_argument("--only", help=f"some of: {', '.join(f'{each} ({text})' for each, text in STEPS.items())}")
    parser.add_argument("--orders", type=int, help="orders of a public run (default 20,000; --quick 5,000)")
    parser.add_argument("--customers", type=int, default=1_000, help="in steps b, c and d (default 1,000)")
    parser.add_argument("--profile", action="store_true", help="where the daemon's time goes (py-spy), besides")
    parser.add_argument("--cache", type=Path, help="a folder to keep the ledger of a million entries in (1 GB)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="entries in the filled ledger")
    parser.add_argument("--waiting", type=int, default=100_000, help="orders at the relay when the daemon starts")
    asked = parser.parse_args()
    letters = (asked.only or (QUICK_ONLY if asked.quick else DEFAULT_ONLY)).replace(" ", "").split(",")
    unknown = [letter for letter in letters if letter not in STEPS]
    if unknown:
        parser.error(f"no step {', '.join(unknown)}; there are {', '.join(STEPS)}")
    if not Path("/proc/self/stat").exists():
        print("python -m bench reads CPU time and memory from /proc, which this system does not have", file=sys.stderr)
        return 1
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.2f}")
    print(WHY_FULL)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="nostr-loyalty-bench-") as folder:
        bench = Bench(report, asked, Path(folder))
        for letter in letters:
            print(f"({letter}) {STEPS[letter]}", flush=True)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(bench.step(letter))
    print()
    report.show()
    return 0 if not bench.failed else 1


if __name__ == "__main__":
    raise SystemExit(main())
