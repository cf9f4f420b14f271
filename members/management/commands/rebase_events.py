"""After a dump was restored on another server: `manage.py rebase_events`."""

from typing import Any

from django.core.management.base import BaseCommand

from members import events


class Command(BaseCommand):
    """Put the event log below what this server will write."""

    help = (
        "Run once after a dump was restored on another PostgreSQL server, before the "
        "worker starts. Changes nothing when it is not needed."
    )

    def handle(self, **_options: Any) -> None:
        """Rebase the log, and say whether it was needed."""
        step = events.rebase()
        self.stdout.write(
            f"The event log was moved down by {step}."
            if step
            else "The event log is this server's own; nothing to do."
        )
