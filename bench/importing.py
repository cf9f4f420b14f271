"""A club of a million members from a CSV file: dry run and import, beside bare SQL.

The reference copies rows that are known to be good into a table, checks them by
constraints as they come, and inserts the same members, identifiers, registrations,
permissions and events in SQL, one transaction for all, triggers and foreign keys as
ever: a staged upsert that needs no reading, no comparing and no report.
"""

import csv
import os
import random
import resource
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg import sql

from bench.report import say, verdict
from enrolment.importing import files, mapping, services, work
from enrolment.importing.models import ClubImport
from members.models import Member
from stores.models import Programme

ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "1000000"))
FIRST = "Anna Erik Maria Lars Karin Johan Eva Nils Ida Sven Åsa Björn Göran".split()
LAST = "Lind Berg Holm Dahl Ek Ström Sjö Ny Åkesson Öberg Svensson Nyström".split()
_TABLES = (
    "members_member",
    "members_identifier",
    "members_event",
    "enrolment_registration",
    "consent_consententry",
)
_STAGE = """
CREATE UNLOGGED TABLE bench_stage (
    row int PRIMARY KEY, phone text CHECK (phone ~ '^[+][1-9][0-9]{6,14}$'),
    email text CHECK (email = '' OR email ~ '^[^@ ]+@[^@ ]+[.][a-z]+$'),
    first_name text, last_name text, birthday_on date, postcode text,
    since timestamptz CHECK (since < now()), sms_at timestamptz, external_id text)
"""
_UPSERT = """
WITH target AS MATERIALIZED (
    SELECT s.*, nextval(pg_get_serial_sequence('members_member', 'id')) AS id,
        lpad((600000000000 + s.row)::text, 12, '0') AS number
    FROM bench_stage s
    WHERE NOT EXISTS (SELECT FROM members_identifier i
        WHERE i.programme_id = %(programme)s AND i.kind = 'PHONE'
            AND i.system = '' AND i.value = s.phone AND i.ended_at IS NULL)
), member AS (
    INSERT INTO members_member (id, public_id, programme_id, number, status, phone,
        email, first_name, last_name, birthday_on, postcode, language, source,
        registered_at, activated_at)
    SELECT id, gen_random_uuid(), %(programme)s, number, 'ACTIVE', phone, email,
        first_name, last_name, birthday_on, postcode, 'sv', 'IMPORT', since, since
    FROM target
), further AS (
    INSERT INTO members_identifier (public_id, programme_id, member_id, kind, system,
        value, added_at, proven_at, last_proven_at, proof)
    SELECT gen_random_uuid(), %(programme)s, id, 'EXTERNAL', 'old', external_id, now(),
        now(), now(), 'IMPORT' FROM target
), registration AS (
    INSERT INTO enrolment_registration (public_id, programme_id, member_id, way,
        started_at, outcome, ended_at)
    SELECT gen_random_uuid(), %(programme)s, id, 'IMPORT', since, 'FINISHED', since
    FROM target
), permission AS (
    INSERT INTO consent_consententry (public_id, member_id, purpose, channel, action,
        at, source, actor, evidence)
    SELECT gen_random_uuid(), id, 'MARKETING', 'SMS', 'GIVEN', sms_at, 'IMPORT',
        'member', '{}' FROM target WHERE sms_at IS NOT NULL
), event AS (
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    SELECT gen_random_uuid(), id, k.kind, since, now(), '{"source": "IMPORT"}',
        'import', gen_random_uuid()
    FROM target CROSS JOIN LATERAL (VALUES ('member.registered', true),
        ('consent.given', sms_at IS NOT NULL)) AS k (kind, applies)
    WHERE k.applies
)
SELECT count(*) FROM target
"""


def main() -> None:
    """Import the file, then write the same rows by bare SQL into the emptied tables."""
    programme = Programme.objects.create(
        name="Bench", company_name="Bench AB", sms_countries=["SE"]
    )
    say(
        f"import: {ROWS:,} rows of eleven columns, load {os.getloadavg()[0]:.1f} on"
        f" {os.cpu_count()} cores"
    )
    with tempfile.TemporaryDirectory() as folder:
        settings.IMPORT_DIR = Path(folder) / "imports"
        path, plain = Path(folder) / "club.csv", Path(folder) / "plain"
        _write_files(path, plain)
        ours = _import(programme, path)
        _empty()
        theirs = _bare(programme, plain)
    say(f"  bare staged upsert: {ROWS / theirs:,.0f} rows/s")
    # Ours, and the process that reads the file beside it.
    own, child = map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    peak = (own.ru_maxrss + child.ru_maxrss) / 1024
    verdict("import: rows per second, dry run and import", ROWS / ours, 10_000)
    verdict("import: against a bare staged upsert", theirs / ours, 0.35)
    verdict("import: memory of both processes, MB", peak, 256, at_most=True)


def _import(programme: Programme, path: Path) -> float:
    """Import the file as a worker does; return the seconds of both halves."""
    with path.open("rb") as source:
        stored = files.store(iter(lambda: source.read(1 << 16), b""))
    club_import = services.receive(
        programme=programme,
        staff=None,
        stored=stored,
        file_name="club.csv",
        now=timezone.now(),
    )
    answers = replace(mapping.from_json(club_import.mapping), system="old")
    services.set_columns(club_import=club_import, answers=answers, now=timezone.now())
    checked = _work("dry run")
    services.start(club_import=club_import, staff=None, now=timezone.now())
    applied = _work("import")
    club_import.refresh_from_db()
    written = Member.objects.count()
    if club_import.state != ClubImport.State.DONE or written != ROWS:
        message = f"VOID: {club_import.state}, {written} members."
        raise RuntimeError(message)
    return checked + applied


def _work(what: str) -> float:
    began, cpu = time.perf_counter(), time.process_time()
    work.run(clock=timezone.now, is_over=lambda: False)
    took = time.perf_counter() - began
    say(
        f"  {what:<8} {took:7.1f} s  {ROWS / took:9,.0f} rows/s"
        f"  {(time.process_time() - cpu) * 1e6 / ROWS:5.1f} µs of Python a row,"
        f" load {os.getloadavg()[0]:.1f}"
    )
    return took


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM enrolment_importrow")
        # Tables that only grow refuse to be emptied, also behind another one.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            sql.SQL("TRUNCATE {} CASCADE").format(
                sql.SQL(", ").join(map(sql.Identifier, _TABLES))
            )
        )
        cursor.execute("RESET session_replication_role")


def _bare(programme: Programme, plain: Path) -> float:
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        began = time.perf_counter()
        cursor.execute("BEGIN")
        with (
            cursor.cursor.copy("COPY bench_stage FROM STDIN") as copy,
            plain.open("rb") as source,
        ):
            while block := source.read(1 << 20):
                copy.write(block)
        cursor.execute("ANALYZE bench_stage")
        cursor.execute(_UPSERT, {"programme": programme.pk})
        (written,) = cursor.fetchone()
        inserted = time.perf_counter() - began
        # The keys are looked up at the end, by a plan made for the tables as they are
        # then known to be: without this, as empty ones.
        cursor.execute("ANALYZE members_member, consent_consententry")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        looked_up = time.perf_counter() - began - inserted
        cursor.execute("COMMIT")
        took = time.perf_counter() - began
    say(
        f"  bare staged upsert: {inserted:.1f} s to insert, {looked_up:.1f} s to look"
        f" up keys, {took - inserted - looked_up:.1f} s to commit"
    )
    if written != ROWS:
        message = f"VOID: the reference wrote {written} members."
        raise RuntimeError(message)
    return took


def _write_files(path: Path, plain: Path) -> None:
    """Write the club as an old system gives it, and the same ready for COPY."""
    draw = random.Random(7)
    start = date(1940, 1, 1)
    with (
        path.open("w", encoding="cp1252", newline="") as old,
        plain.open("w", encoding="utf-8") as good,
    ):
        writer = csv.writer(old, delimiter=";")
        writer.writerow(
            "Mobilnummer;E-post;Förnamn;Efternamn;Födelsedatum;Postnr;Medlem sedan;"
            "SMS-samtycke;SMS datum;SMS källa;Kundnr".split(";")
        )
        for row in range(2, ROWS + 2):
            local = f"7{'236'[row % 3]}{row % 10_000_000:07d}"
            email = f"m.{row}@example.se" if row % 5 else ""
            first, last = draw.choice(FIRST), draw.choice(LAST)
            born = start + timedelta(days=draw.randrange(22_000))
            postcode = f"{draw.randrange(10_000, 99_999)}"
            since = date(2012, 1, 1) + timedelta(days=draw.randrange(4_500))
            asked = date(2018, 6, 1) + timedelta(days=draw.randrange(2_000))
            yes = row % 2 == 0
            shown = (f"0{local[:2]}-{local[2:5]} {local[5:]}", f"+46{local}")[row % 2]
            writer.writerow(
                [shown, email, first, last, born, postcode, since]
                + ([*("Ja", asked, "Kassan")] if yes else ["Nej", "", ""])
                + [row]
            )
            good.write(
                f"{row}\t+46{local}\t{email}\t{first}\t{last}\t{born}\t{postcode}\t"
                f"{since}\t{asked if yes else chr(92) + 'N'}\t{row}\n"
            )
