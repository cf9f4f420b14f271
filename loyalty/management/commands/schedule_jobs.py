"""Write the periodic jobs into the queue's schedule."""

from django.core.management.base import BaseCommand

from loyalty.schedule import write_schedule


class Command(BaseCommand):
    """Make the schedule equal to the list in loyalty/schedule.py."""

    help = "Write the periodic jobs into the queue's schedule; run at each release."

    def handle(self, *_args: object, verbosity: int = 1, **_options: object) -> None:
        """Write them."""
        count = write_schedule()
        if verbosity:
            self.stdout.write(f"{count} periodic jobs are scheduled.")
