"""Look for members who may be one person, in the whole club."""

from typing import Any

from django.core.management.base import BaseCommand

from members import tasks


class Command(BaseCommand):
    """Run it after an import; while the worker runs, changes are looked at anyway."""

    help = "Look for members who may be one person, in the whole club."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Look at everybody, and say what was found."""
        found = tasks.find_duplicates()
        self.stdout.write(f"{found} new pairs to look at.")
