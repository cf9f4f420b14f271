"""The gate for a whole club in its set form, beside one pass over the same rows.

The club has what a club of a million has: permissions on two ways and for profiling,
some objections, wishes, a month of contacts, a block list, and topics.
"""

import os
import statistics
import time
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from bench import seed
from bench.report import ROUNDS, say, verdict
from common import blind
from consent import gate, texts
from consent.models import Channel, Purpose, Topic
from stores.models import Programme

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "1000000"))
_FIRST, _KEPT = "offers and news", "the same, members kept in a table"
# A weekday at noon in Stockholm: the budget is asked too, which quiet hours stop.
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
# For a million, in seconds. A smaller club shows no more than a tendency.
GOAL, GOAL_MEMBERS = 3.0, 1_000_000
_KEEP = """
CREATE TEMPORARY TABLE bench_allowed AS
SELECT member_id, entry_id FROM ({query}) asked WHERE code IN ({codes})
"""

# What members said last. The record that it follows from is left out: it is what the
# gate never reads, and would take longer to fill in than all the rest.
_PERMISSIONS = """
INSERT INTO consent_permission
    (member_id, purpose, channel, action, basis, at, entry_id)
SELECT m.id, said.purpose, said.channel,
    CASE WHEN m.id %% 10 < said.yes THEN 'CONFIRMED'
        WHEN m.id %% 10 = 8 THEN 'WITHDRAWN' ELSE 'REFUSED' END,
    'CONSENT', %(now)s - interval '90 days', row_number() OVER ()
FROM members_member m, (VALUES ('MARKETING', 'SMS', 7, 10),
    ('MARKETING', 'EMAIL', 7, 10), ('PROFILING', 'ANY', 4, 6)
) said (purpose, channel, yes, asked)
WHERE m.id %% 10 < said.asked
"""
_OBJECTIONS = """
INSERT INTO consent_permission
    (member_id, purpose, channel, action, basis, at, entry_id)
SELECT m.id, 'MARKETING', 'ANY', 'OBJECTED', 'CONSENT',
    %(now)s - interval '9 days', m.id
FROM members_member m WHERE m.id %% 50 = 7
"""
_FILL = [
    """
    INSERT INTO consent_contactpreference
        (member_id, per_week, snoozed_until, restricted_at, changed_at)
    SELECT m.id, CASE WHEN m.id %% 3 = 0 THEN 1 END,
        CASE WHEN m.id %% 7 = 0 THEN %(now)s + interval '3 days' END, NULL, %(now)s
    FROM members_member m WHERE m.id %% 5 = 0
    """,
    """
    INSERT INTO consent_contact (member_id, kind, channel, at, message_id)
    SELECT m.id, CASE WHEN n = 2 THEN 'SURVEY' ELSE 'MARKETING' END, 'EMAIL',
        %(now)s - n * interval '5 days' - (m.id %% 96) * interval '1 hour',
        gen_random_uuid()
    FROM members_member m, generate_series(1, 3) n WHERE m.id %% 4 < n
    """,
    """
    INSERT INTO consent_topicwish (member_id, topic_id, kind, wish, at)
    SELECT m.id, %(topic)s, 'INTEREST', 'UNWANTED', %(now)s
    FROM members_member m WHERE m.id %% 20 = 3
    """,
]
_BLOCKED = """
INSERT INTO consent_suppression
    (public_id, programme_id, channel, contact_index, mark, reach, reason, at)
SELECT gen_random_uuid(), m.programme_id, 'EMAIL',
    sha256(%(outer)s || sha256(%(inner)s
        || convert_to('email:' || lower(m.email), 'UTF8'))),
    consent_mark(lower(m.email), %(seed)s),
    CASE WHEN m.id %% 2 = 0 THEN 'ALL' ELSE 'MARKETING' END, 'REQUEST', %(now)s
FROM members_member m WHERE m.id %% 100 = 11
"""
# Every row that the gate has to look at, read once and added up.
_FLOOR = """
SELECT (SELECT count(*) + sum(length(email)) FROM members_member),
    (SELECT count(*) + sum(entry_id) FROM consent_permission),
    (SELECT count(*) + count(snoozed_until) FROM consent_contactpreference),
    (SELECT count(*) + count(at) FROM consent_contact),
    (SELECT count(*) FROM consent_suppression)
"""
_TABLES = (
    "members_member",
    "consent_permission",
    "consent_contactpreference",
    "consent_contact",
    "consent_suppression",
    "consent_topicwish",
)


def main() -> None:
    """Fill a club, then ask the gate about everybody and read the rows in turns."""
    began = time.perf_counter()
    seed.make_club(NOW)
    # Rows as triggers would have made them, without their time: a minute, not ten.
    _run("SET session_replication_role = replica")
    seed.add_members(1, MEMBERS)
    programme = Programme.objects.get()
    topic = _fill(programme)
    _run("RESET session_replication_role")
    say(f"  {MEMBERS:,} members filled in {time.perf_counter() - began:.0f} s")
    asked: dict[str, Any] = {
        "programme": programme,
        "channel": Channel.EMAIL,
        "message_class": gate.MessageClass.MARKETING,
        "now": NOW,
    }
    questions: dict[str, dict[str, Any]] = {
        _FIRST: {"purpose": Purpose.MARKETING},
        "the same, about a topic": {
            "purpose": Purpose.MARKETING,
            "topics": [topic.pk],
        },
        "offers chosen from purchases": {"purpose": Purpose.PROFILING},
    }
    floors: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in [*questions, _KEPT]}
    counts: dict[str, dict[gate.Code, int]] = {}
    for _round in range(ROUNDS):
        began = time.perf_counter()
        _run(_FLOOR)
        floors.append(time.perf_counter() - began)
        for name, more in questions.items():
            began = time.perf_counter()
            counts[name] = gate.count_by_code(**asked, **more)
            taken[name].append(time.perf_counter() - began)
        began = time.perf_counter()
        kept = _keep(**asked, **questions[_FIRST])
        taken[_KEPT].append(time.perf_counter() - began)
        if kept != sum(counts[_FIRST].get(code, 0) for code in gate.OPEN):
            message = "VOID: other members were kept than were counted."
            raise SystemExit(message)
    say(f"The gate for everybody: {ROUNDS} rounds")
    floor = statistics.median(floors)
    say(f"  one pass over the same rows {floor:6.2f} s")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        label = f"{name}, s ({median / floor:.1f} × the pass)"
        if MEMBERS < GOAL_MEMBERS:
            say(f"  {label:<58} {median:8.2f}   goal only for {GOAL_MEMBERS:,}")
        else:
            verdict(label, median, GOAL, at_most=True)
    if any(sum(each.values()) != MEMBERS for each in counts.values()):
        message = "VOID: the gate did not answer for everybody."
        raise SystemExit(message)
    shown = sorted(counts[_FIRST].items(), key=lambda each: -each[1])
    say("  " + ", ".join(f"{code} {number:,}" for code, number in shown))


def _keep(**asked: Any) -> int:
    """Keep whom a message may go to, as a campaign does; return how many."""
    query, parameters = gate.query_for_all(**asked)
    codes = ", ".join(f"'{code}'" for code in sorted(gate.OPEN))
    with gate.planned(), connection.cursor() as cursor:
        cursor.execute(_KEEP.format(query=query, codes=codes), parameters)
        kept = int(cursor.rowcount)
        cursor.execute("DROP TABLE bench_allowed")
    return kept


def _fill(programme: Programme) -> Topic:
    texts.publish_defaults(programme, NOW)
    topic = Topic.objects.create(
        programme=programme, kind=Topic.Kind.INTEREST, names={"sv": "Kaffe"}
    )
    inner, outer = blind.pads()
    for statement in (_PERMISSIONS, _OBJECTIONS):
        _run(statement, {"now": NOW})
    for statement in _FILL:
        _run(statement, {"now": NOW, "topic": topic.pk})
    _run(_BLOCKED, {"inner": inner, "outer": outer, "seed": blind.seed(), "now": NOW})
    for table in _TABLES:
        _run(f"VACUUM ANALYZE {table}")
    return topic


def _run(statement: str, values: dict[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
