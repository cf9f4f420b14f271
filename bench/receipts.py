"""Receipts through the API beside a bare view and plain ORM code."""

import json
import os
import sys
from datetime import UTC, datetime

from django.db import connection

from bench import client, seed, servers
from bench.report import ratio, rounds, say, verdict

RECEIPT_MEMBERS = 10_000


def main() -> None:
    """Compare posting receipts through the API with the bare and the plain view."""
    club = seed.make_club(datetime.now(UTC))
    seed.add_members(1, RECEIPT_MEMBERS)
    created = datetime.now(UTC).isoformat(timespec="seconds")

    def body(run: str, number: int) -> tuple[dict[str, str], bytes]:
        unique = f"bench-{run}-{number:06d}"
        items = [
            {
                "type": "PURCHASE", "sku": f"S{n}", "articleNumber": f"A{n}",
                "articleName": f"Article {n}", "quantity": "1",
                "grossPaidPrice": f"{25 + n}.50", "taxAmount": "5.10",
                "taxPercent": "25",
            }
            for n in range(4)
        ]  # fmt: skip
        document = {
            "contact": {
                "matchKey": seed.phone(1 + (number * 7919) % RECEIPT_MEMBERS),
                "matchKeyType": "MobilePhone",
            },
            "uniqueReceiptId": unique, "receiptNumber": str(number),
            "createdDate": created, "storeExternalId": seed.STORE_CODE,
            "currency": "SEK", "totalGrossPrice": "108.00",
            "paymentMethods": [{"type": "CARD", "value": "108.00"}],
            "items": items,
        }  # fmt: skip
        return {"Idempotency-Key": unique}, json.dumps(document).encode()

    headers = (("Authorization", f"Bearer {club.key}"),)
    address = os.environ["DATABASE_URL"]
    with (
        servers.serve("loyalty.wsgi", "loyalty.settings", address) as (port, pid),
        servers.serve("bench.floor_wsgi", "bench.floor_settings", address) as (
            low,
            low_pid,
        ),
    ):
        targets = {
            "product": client.Target(
                "product", port, "/api/v1/receipts", headers, body
            ),
            "sql": client.Target("sql", low, "/sql", headers, body),
            "orm": client.Target("orm", low, "/orm", headers, body),
        }
        rates = rounds(
            "Receipts over HTTP",
            targets,
            {"product": pid, "sql": low_pid, "orm": low_pid},
        )
        verdict(
            "receipts: product ÷ bare view with one SQL call",
            ratio(rates["product"], rates["sql"]),
            0.4,
        )
        verdict(
            "receipts: product ÷ plain ORM code",
            ratio(rates["product"], rates["orm"]),
            2.0,
        )
        result = client.in_own_process(
            client.open_loop, targets["product"], "open", 16, 15.0, 100.0
        )
        say(
            f"  100/s offered: {len(result.milliseconds)} sent, {result.errors} errors,"
            f" p50 {result.percentile(0.5):.1f} ms"
        )
        verdict(
            "receipts: p99 at 100/s offered, ms",
            result.percentile(0.99),
            50,
            at_most=True,
        )
    check_ledger()


def check_ledger() -> None:
    """Void the run unless balances, entries and lots agree."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM points_account a WHERE a.balance <> COALESCE("
            "(SELECT sum(points) FROM points_entry e WHERE e.member_id = a.member_id),"
            " 0) OR a.balance <> COALESCE((SELECT sum(remaining) FROM points_lot l"
            " WHERE l.member_id = a.member_id), 0)"
        )
        wrong = cursor.fetchone()[0]
        cursor.execute("SELECT count(*), sum(points) FROM points_entry")
        entries, points = cursor.fetchone()
    if wrong:
        sys.exit(f"VOID: {wrong} balances differ from their entries.")
    say(f"  ledger: {entries:,} entries, {points:,} points, every balance agrees")
