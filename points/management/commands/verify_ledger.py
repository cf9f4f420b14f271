"""Verify that the ledger is right."""

import time

from django.core.management.base import BaseCommand, CommandError

from points import proof


class Command(BaseCommand):
    """Work out balances and lots again and compare them with what is stored."""

    help = "Prove that balances, entries and lots agree; fails and lists what differs."

    def handle(self, *_args: object, **_options: object) -> None:
        """Check every law of the ledger."""
        began = time.perf_counter()
        found = proof.check()
        seconds = time.perf_counter() - began
        for difference in found.differences:
            self.stderr.write(
                f"{difference.law}: member {difference.member_id}, row "
                f"{difference.row_id}: {difference.found} instead of "
                f"{difference.expected}"
            )
        if found.differences:
            message = f"The ledger is wrong in {len(found.differences)} places or more."
            raise CommandError(message)
        self.stdout.write(
            f"{found.entries} entries of {found.members} members, {found.points} "
            f"points: all {len(proof.laws())} laws hold ({seconds:.1f} s)."
        )
