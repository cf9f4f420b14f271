"""Load receipts: prepare them in another process, record them in batches here."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction

from common.apart import apart
from purchases.loading import book as books
from purchases.loading.batches import Batch
from purchases.loading.book import RuleBook
from purchases.loading.loaded import Loaded
from purchases.loading.prepared import Prepared, prepare
from purchases.models import Receipt
from purchases.rules import Club, ReceiptIn
from stores.models import Programme

# As many as one transaction can hold advisory locks for: PostgreSQL has room for 6,400
# by default, for everybody.
BATCH = 1500
_ATTEMPTS = 8
_PAUSE = 0.2
# Where somebody is at it already, it is being done.
_ANALYZE = (
    "ANALYZE (SKIP_LOCKED) purchases_receipt, purchases_receiptline, points_entry, "
    "points_lot, points_account, points_activity, members_event, members_member, "
    "offers_voucher"
)

Progress = Callable[[int], None]
Period = tuple[datetime, Iterable[ReceiptIn]]


def load_receipts(
    *,
    programme: Programme,
    receipts: Iterable[ReceiptIn],
    source: str = Receipt.Source.DEMO,
    now: datetime,
    progress: Progress | None = None,
) -> Loaded:
    """Record receipts in the order given, one transaction for every 1,500.

    Receipts that are there already change nothing, so that a load that was broken off
    goes on where it was. The iterable runs in a process of its own and must not use the
    database.
    """
    return load_periods(
        programme=programme,
        periods=[(now, receipts)],
        source=source,
        progress=progress,
    )


def load_periods(
    *,
    programme: Programme,
    periods: Iterable[Period],
    source: str = Receipt.Source.DEMO,
    progress: Progress | None = None,
    after: Callable[[datetime], None] | None = None,
) -> Loaded:
    """Record receipts period by period, each as at the moment that it names.

    As `load_receipts`, and `after` is called with the moment when all receipts of a
    period are in, if some of them are new. One process prepares those of all periods.
    """
    club = Club(
        programme_id=programme.pk,
        currency=programme.currency,
        country=programme.country,
        zone=programme.zone,
    )
    loaded = Loaded()
    known = _Known()
    before = 0
    book = books.read(club)
    for batch in apart(_batches(periods, club, book)):
        if batch.receipts:
            loaded.add(_commit(club, book, batch, source))
            if progress is not None:
                progress(sum(prepared.line_count for prepared in batch.receipts))
        if batch.is_last and loaded.recorded > before:
            before = loaded.recorded
            if after is not None:
                known.refresh(loaded.recorded)
                after(batch.now)
    if loaded.recorded:
        known.analyze(loaded.recorded)
    return loaded


@dataclass(frozen=True, slots=True)
class _Part:
    """What goes to the database in one transaction."""

    now: datetime
    receipts: list[Prepared]
    # Whether its period is over with it.
    is_last: bool


class _Known:
    """Keeps what PostgreSQL knows of the tables from growing old.

    Plans made for tables that were a tenth of their size cost more than looking again;
    looking again every time costs more than the loading.
    """

    GROWTH = 3

    def __init__(self) -> None:
        self.recorded = 0

    def refresh(self, recorded: int) -> None:
        """Look at the tables again when this load has made them much larger."""
        if recorded > max(self.recorded * self.GROWTH, BATCH):
            self.analyze(recorded)

    def analyze(self, recorded: int) -> None:
        """Look at the tables again, when there is more in them."""
        if recorded > self.recorded:
            self.recorded = recorded
            with connection.cursor() as cursor:
                cursor.execute(_ANALYZE)


def _batches(periods: Iterable[Period], club: Club, book: RuleBook) -> Iterator[_Part]:
    for now, receipts in periods:
        batch: list[Prepared] = []
        for receipt in receipts:
            # The last one of a period is known by what comes after it.
            if len(batch) == BATCH:
                yield _Part(now, batch, is_last=False)
                batch = []
            batch.append(prepare(receipt, club, book))
        yield _Part(now, batch, is_last=True)


def _commit(club: Club, book: RuleBook, part: _Part, source: str) -> Loaded:
    """Record a batch in one transaction; again when a till was in the way."""
    for attempt in range(_ATTEMPTS):
        loaded = Loaded(given=len(part.receipts))
        try:
            with transaction.atomic():
                Batch(club, book, source, part.now, loaded).record(part.receipts)
        except (IntegrityError, OperationalError):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return loaded
    raise AssertionError  # the last attempt returns or raises
