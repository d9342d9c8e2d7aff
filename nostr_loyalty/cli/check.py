"""`nostr-loyalty check`: audit the ledger: does it agree with itself?"""

import argparse
import json

from ledger import audit
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import add_config, ledger_of, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.config.settings import Config
from nostr_loyalty.upkeep import documents


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json, --config."""
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when every entry, balance, lot and order agrees with the others; 1 with a line for each that does not."""
    config = read_config(args)
    report = run_to_the_end(lambda: _check(config))
    findings = [{"code": one.code, "where": one.where, "sentence": one.sentence} for one in report.findings]
    if args.json:
        print(json.dumps({"ok": report.is_clean, "findings": findings, "counted": report.counted}))
    else:
        for finding in report.findings:
            print(f"{finding.code} ({finding.where}): {finding.sentence}")
        counted = ", ".join(f"{count} {name}" for name, count in report.counted.items())
        print(
            f"{'the ledger agrees with itself' if report.is_clean else 'THE LEDGER DISAGREES WITH ITSELF'} ({counted})"
        )
    return errors.EXIT_OK if report.is_clean else errors.EXIT_DIFFERS


async def _check(config: Config) -> audit.Report:
    async with ledger_of(config) as r:
        report = await audit.check(r)
        if "file-damaged" not in {finding.code for finding in report.findings}:
            await documents.compare(r, report)
        return report
