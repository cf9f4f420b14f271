"""Check the audit trail: `manage.py verify_audit`."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stores import audit

_FAULTS = {
    "CHANGED": "entry {number} was changed after it was written",
    "UNLINKED": "entry {number} does not follow from the one before it",
    "MISSING_BEFORE": "entries are missing before number {number}",
    "END_MISSING": "the newest entries are missing; the last one is number {number}",
    "REWRITTEN": "entry {number} is not the one that was sealed",
}


class Command(BaseCommand):
    """Recompute every chain of the audit trail and say where one does not hold."""

    help = "Check that no entry of the audit trail was changed or removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files of a seal to write, or to compare with."""
        parser.add_argument(
            "--seal",
            metavar="FILE",
            type=Path,
            help="write the ends of the chains here; keep the file on another machine",
        )
        parser.add_argument(
            "--against",
            metavar="FILE",
            type=Path,
            help="compare with a file written by --seal: finds chains rewritten whole",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with an error when a chain is broken."""
        found = audit.verify()
        breaks = list(found.breaks)
        if options["against"]:
            breaks += audit.verify_seal(
                json.loads(options["against"].read_text(encoding="utf-8"))
            )
        for each in breaks:
            what = _FAULTS[each.fault].format(number=each.number)
            self.stderr.write(f"chain {each.lane}: {what}")
        if breaks:
            message = "The audit trail does not hold."
            raise CommandError(message)
        self.stdout.write(f"{found.entries} entries, every chain holds.")
        if options["seal"]:
            options["seal"].write_text(json.dumps(audit.seal()), encoding="utf-8")
            self.stdout.write(f"Sealed in {options['seal']}.")
