"""Erase again, after a restore, whom the journal of erasures names."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from consent import journal
from consent.retention import replay


class Command(BaseCommand):
    """Read one or more journals and erase who is there again."""

    help = "Erase again, after a backup was restored, whom the journal names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the files and the dry run."""
        parser.add_argument(
            "--journal",
            action="append",
            type=Path,
            default=None,
            help="a journal, one of several; default: STAMKUND_ERASURE_JOURNAL",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say who is there again, no more"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Replay the journals, or say what that would do."""
        erased: dict[UUID, datetime] = {}
        unreadable = 0
        for path in options["journal"] or [Path(settings.ERASURE_JOURNAL)]:
            try:
                said = journal.read(path)
            except OSError as error:
                message = f"The journal cannot be read: {error}"
                raise CommandError(message) from error
            erased |= said.erased
            unreadable += said.unreadable
        members = replay.alive(erased)
        self.stdout.write(f"{len(erased)} erased, {len(members)} of them back.")
        if unreadable:
            self.stderr.write(f"{unreadable} lines could not be read.")
        if not options["dry_run"]:
            again = replay.erase_again(members, now=timezone.now())
            self.stdout.write(f"{again} erased again.")
        elif members:
            self.stdout.write("Nothing was changed: without --dry-run they go.")
