"""Registering members over the API, with the SMS queued, among a million members."""

import json
import os
import sys
import time
from datetime import UTC, datetime

from bench import client, seed, servers
from bench.report import say, verdict
from members.models import Member
from messaging.models import Message
from stores.models import ApiKey

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))
PER_SECOND, SECONDS = 20.0, 30.0
# Series in which nobody is yet; no two new numbers are neighbours, as in life.
_SERIES = ("70", "72", "73", "79")


def phone(number: int) -> str:
    """Return the mobile number of the nth newcomer."""
    return f"+46{_SERIES[number % 4]}{number // 4 * 1009 % 10_000_000:07d}"


def main() -> None:
    """Register at the rate of a busy chain, and time each answer from when it was due.

    Each call registers a member, makes the link and puts its SMS into the outbox, in
    one transaction that is committed before the answer.
    """
    club = seed.make_club(datetime.now(UTC))
    ApiKey.objects.update(scopes=["members:write"])
    began = time.perf_counter()
    seed.add_members(1, MEMBERS)
    say(f"  {MEMBERS:,} members made in {time.perf_counter() - began:.0f} s")
    # A day's worth of links goes out in half a minute here.
    os.environ["SMS_PER_DAY"] = "1000000"

    def body(run: str, number: int) -> tuple[dict[str, str], bytes]:
        place = number + (1_000_000 if run == "warm" else 0)
        sent = {"mobile": phone(place), "store": seed.STORE_CODE}
        return {"Idempotency-Key": f"register-{run}-{number}"}, json.dumps(
            sent
        ).encode()

    headers = (("Authorization", f"Bearer {club.key}"),)
    address = os.environ["DATABASE_URL"]
    with servers.serve("loyalty.wsgi", "loyalty.settings", address) as (port, _pid):
        target = client.Target("product", port, "/api/v1/members", headers, body)
        warmed = client.in_own_process(
            client.open_loop, target, "warm", 8, 3.0, PER_SECOND
        )
        result = client.in_own_process(
            client.open_loop, target, "open", 8, SECONDS, PER_SECOND
        )
    registered = warmed.answers + result.answers
    if warmed.errors or result.errors:
        sys.exit(f"VOID: {warmed.errors + result.errors} errors.")
    made = Member.objects.filter(status=Member.Status.PENDING).count()
    queued = Message.objects.filter(kind="join_link").count()
    if not made == queued == registered:
        sys.exit(f"VOID: {registered} answers, {made} members, {queued} messages.")
    say(
        f"  {result.answers:,} registered at {PER_SECOND:g}/s offered:"
        f" p50 {result.percentile(0.5):.1f} ms, p95 {result.percentile(0.95):.1f} ms"
    )
    verdict(
        "registration: p99 at 20/s offered, ms",
        result.percentile(0.99),
        150,
        at_most=True,
    )
