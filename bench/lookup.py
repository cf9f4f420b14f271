"""Member look-up by phone number among a million members, beside one bare read."""

import json
import os
import time
from datetime import UTC, datetime

from bench import client, seed, servers
from bench.report import ratio, rounds, say, verdict

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))


def main() -> None:
    """Compare the member look-up with one indexed read, among a million members."""
    club = seed.make_club(datetime.now(UTC))
    began = time.perf_counter()
    seed.add_members(1, MEMBERS)
    say(f"  {MEMBERS:,} members made in {time.perf_counter() - began:.0f} s")

    def body(_run: str, number: int) -> tuple[dict[str, str], bytes]:
        wanted = 1 + (number * 7919) % MEMBERS
        return {}, json.dumps({"mobile": seed.phone(wanted)}).encode()

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
                "product", port, "/api/v1/members/lookup", headers, body
            ),
            "floor": client.Target("floor", low, "/lookup", headers, body),
        }
        rates = rounds("Look-up by phone", targets, {"product": pid, "floor": low_pid})
        verdict(
            "look-up: product ÷ bare view with one indexed read",
            ratio(rates["product"], rates["floor"]),
            0.5,
        )
        result = client.in_own_process(
            client.open_loop, targets["product"], "open", 16, 15.0, 100.0
        )
        verdict(
            "look-up: p99 at 100/s offered, ms",
            result.percentile(0.99),
            25,
            at_most=True,
        )
