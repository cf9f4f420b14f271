"""What one batch of an import writes: members and all that belongs to them, in SQL."""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from common.copying import draw_public_ids, unchecked
from consent.services import MEMBER
from enrolment.importing import mapping, matching
from enrolment.importing.bringing import OF_NEW, Bringing, bringing_of
from enrolment.importing.checking import rows_are_gone
from enrolment.importing.mapping import Answers
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from members import cards

Outcome = ImportRow.Outcome
SUBJECT = "import"
# What new rows name is held, as PostgreSQL holds it for each foreign key.
_HOLD = (
    "SELECT FROM stores_programme WHERE id = %(programme)s FOR KEY SHARE",
    "SELECT FROM stores_store WHERE programme_id = %(programme)s FOR KEY SHARE",
)
# Drawing an id costs PostgreSQL as much as three indexes. So each row gets the hash of
# its number and a secret of the batch, and each id nine bytes of it.
_ID_BYTES = 9
_NOISE = "sha512(%(secret)s::bytea || int4send(r.row))"


def _id(noise: str, place: int | str) -> str:
    """Return SQL for the id of a place in noise: of version 7, as `common.ids.uuid7`.

    Places of a row: 0 member, 1 phone, 2 e-mail, 3 card, 4 external id, 5 registration,
    6 event; of a change, which makes no member, 0, 1, 2 and 5 are further events.
    """
    found = f"encode(substr({noise}, 1 + {_ID_BYTES} * {place}, {_ID_BYTES}), 'hex')"
    return f"(%(stamp)s || overlay({found} placing '8' from 4 for 0))::uuid"


_BATCH = "r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s"

_PERMISSIONS = f"""
permission AS (
    INSERT INTO consent_consententry (public_id, member_id, purpose, channel, action,
        at, source, actor, evidence)
    SELECT {_id("sha256(t.noise || c.channel::bytea)", 0)}, t.id, 'MARKETING',
        c.channel, 'GIVEN', c.at, 'IMPORT', %(actor)s,
        jsonb_build_object('import', %(public_id)s::text, 'row', t.row,
            'source', c.source)
    FROM target t CROSS JOIN LATERAL (VALUES
        ('SMS', t.sms_at, t.sms_source), ('EMAIL', t.email_at, t.email_source)
    ) AS c (channel, at, source)
    WHERE c.at IS NOT NULL
    RETURNING id, public_id, member_id, purpose, channel, action, basis, at
), permission_event AS (
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    SELECT {_id("sha256(%(secret)s::bytea || uuid_send(p.public_id))", 0)},
        p.member_id, 'consent.given', p.at, %(now)s,
        jsonb_build_object('purpose', 'MARKETING', 'channel', p.channel,
            'source', 'IMPORT', 'text_version', NULL),
        'consent_entry', p.public_id
    FROM permission p
)"""  # noqa: S608 - made of constants of this module
_FURTHER = f"""
further AS (
    INSERT INTO members_identifier (public_id, programme_id, member_id, kind, system,
        value, added_at, proven_at, last_proven_at, proof)
    SELECT {_id("t.noise", "v.place")}, %(programme)s, t.id, v.kind, v.system,
        v.value, %(now)s, %(now)s, %(now)s, 'IMPORT'
    FROM target t CROSS JOIN LATERAL (VALUES
        (3, 'CARD', '', t.card), (4, 'EXTERNAL', %(system)s::text, t.external_id)
    ) AS v (place, kind, system, value)
    WHERE v.value <> ''
)"""  # noqa: S608 - made of constants of this module
# Contacts become identifiers, and permissions what the gate reads, by triggers; where
# triggers rest, it is done here. Nobody who is new has been asked before.
_INSTEAD_OF_TRIGGERS = f"""
contact AS (
    INSERT INTO members_identifier (public_id, programme_id, member_id, kind, value,
        added_at, proven_at, last_proven_at, proof)
    SELECT {_id("t.noise", "v.place")}, %(programme)s, t.id, v.kind, v.value, t.at,
        %(proven_at)s, %(proven_at)s, %(proof)s
    FROM target t CROSS JOIN LATERAL (VALUES
        (1, 'PHONE', t.phone), (2, 'EMAIL', t.email)) AS v (place, kind, value)
    WHERE v.value <> ''
), projection AS (
    INSERT INTO consent_permission (member_id, purpose, channel, action, basis, at,
        entry_id)
    SELECT p.member_id, p.purpose, p.channel, p.action, p.basis, p.at, p.id
    FROM permission p
)"""  # noqa: S608 - made of constants of this module
_MEMBER_IDS = "members_member_id_seq"
_HERE = "/* instead of triggers */"
_HOW_MANY = "SELECT count(*) FROM target\n"
# Which of the numbers drawn nobody has.
_FREE = """
SELECT c.number FROM unnest(string_to_array(%(numbers)s, ' ')) AS c (number)
-- Not by NOT EXISTS, which would have the club read once for each batch; nor by an
-- index that begins with the club: of one that is new to the statistics it promises a
-- single row, and all its members would be read once for each number.
WHERE (SELECT m.id FROM members_member m
        WHERE m.programme_id + 0 = %(programme)s AND m.number = c.number) IS NULL
    AND (SELECT min(i.id) FROM members_identifier i
        WHERE i.programme_id = %(programme)s AND i.kind = 'CARD'
            AND i.value = c.number) IS NULL
"""
# The numbers come as a constant, whose length PostgreSQL sees: found in this statement
# they would be estimated as one, and each row would look through all of them.
_CREATE = f"""
WITH free AS (
    SELECT f.number, f.place
    FROM unnest(string_to_array(%(numbers)s, ' ')) WITH ORDINALITY AS f (number, place)
), target AS MATERIALIZED (
    SELECT r.*, f.number, {_NOISE} AS noise,
        nextval('{_MEMBER_IDS}') AS id, coalesce(r.since, %(now)s) AS at
    FROM (
        SELECT r.*, row_number() OVER (ORDER BY r.row) AS place
        FROM enrolment_importrow r WHERE {_BATCH} AND r.outcome = 'NEW'
    ) r JOIN free f USING (place)
), member AS (
    INSERT INTO members_member (id, public_id, programme_id, number, status, phone,
        email, first_name, last_name, birthday_on, postcode, language, home_store_id,
        source, registered_at, activated_at, phone_verified_at, email_verified_at)
    SELECT t.id, {_id("t.noise", 0)}, %(programme)s, t.number, 'ACTIVE', t.phone,
        t.email,
        t.first_name, t.last_name, t.birthday_on, t.postcode,
        CASE WHEN t.language = '' THEN %(language)s ELSE t.language END, t.store_id,
        'IMPORT', t.at, t.at,
        CASE WHEN t.phone <> '' THEN %(proven_at)s::timestamptz END,
        CASE WHEN t.email <> '' THEN %(proven_at)s::timestamptz END
    FROM target t
), {_FURTHER.strip()}, registration AS (
    INSERT INTO enrolment_registration (public_id, programme_id, member_id, way,
        started_at, outcome, ended_at)
    SELECT {_id("t.noise", 5)}, %(programme)s, t.id, 'IMPORT', t.at, 'FINISHED', t.at
    FROM target t
), registered AS (
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    SELECT {_id("t.noise", 6)}, t.id, 'member.registered', t.at, %(now)s,
        '{{"source": "IMPORT"}}', '{SUBJECT}', %(public_id)s::uuid
    FROM target t
), {_PERMISSIONS.strip()}{_HERE}
{_HOW_MANY}"""  # noqa: S608 - made of constants of this module
_CREATE_BESIDE_TRIGGERS = _CREATE.replace(_HERE, "")
_CREATE_ALONE = _CREATE.replace(_HERE, f", {_INSTEAD_OF_TRIGGERS.strip()}")
_PROVE = """
UPDATE members_identifier i SET proof = 'IMPORT'
FROM enrolment_importrow r
WHERE r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s
    AND r.outcome IN ('NEW', 'CHANGED') AND i.programme_id = %(programme)s
    AND i.ended_at IS NULL AND i.system = '' AND i.proof = ''
    AND i.proven_at = %(now)s
    AND (i.kind = 'PHONE' AND i.value = r.phone OR i.kind = 'EMAIL'
        AND i.value = r.email)
"""
_CHANGE = f"""
WITH target AS MATERIALIZED (
    SELECT m.id, r.row, {_NOISE} AS noise, m.status, {matching.CHANGES} AS fields,
        r.phone, r.email, r.first_name, r.last_name, r.birthday_on, r.postcode,
        r.language, r.store_id,
        CASE WHEN r.card <> '' AND NOT {matching.HAS_CARD} THEN r.card ELSE '' END
            AS card,
        CASE WHEN r.external_id <> '' AND NOT {matching.HAS_EXTERNAL}
            THEN r.external_id ELSE '' END AS external_id,
        CASE WHEN NOT {matching.ANSWERED_SMS} THEN r.sms_at END AS sms_at,
        r.sms_source,
        CASE WHEN NOT {matching.ANSWERED_EMAIL} THEN r.email_at END AS email_at,
        r.email_source
    FROM enrolment_importrow r JOIN members_member m ON m.id = r.member_id
    WHERE {_BATCH} AND r.outcome = 'CHANGED' AND m.status IN ('ACTIVE', 'PENDING')
    ORDER BY m.id FOR UPDATE OF m
), member AS (
    UPDATE members_member m SET
        status = 'ACTIVE',
        activated_at = coalesce(m.activated_at, %(now)s),
        phone = CASE WHEN 'phone' = ANY (t.fields) THEN t.phone ELSE m.phone END,
        phone_verified_at = CASE WHEN 'phone' = ANY (t.fields)
            THEN %(proven_at)s::timestamptz ELSE m.phone_verified_at END,
        email = CASE WHEN 'email' = ANY (t.fields) THEN t.email ELSE m.email END,
        email_verified_at = CASE WHEN 'email' = ANY (t.fields)
            THEN %(proven_at)s::timestamptz ELSE m.email_verified_at END,
        first_name = CASE WHEN 'first_name' = ANY (t.fields) THEN t.first_name
            ELSE m.first_name END,
        last_name = CASE WHEN 'last_name' = ANY (t.fields) THEN t.last_name
            ELSE m.last_name END,
        birthday_on = CASE WHEN 'birthday_on' = ANY (t.fields) THEN t.birthday_on
            ELSE m.birthday_on END,
        postcode = CASE WHEN 'postcode' = ANY (t.fields) THEN t.postcode
            ELSE m.postcode END,
        language = CASE WHEN 'language' = ANY (t.fields) THEN t.language
            ELSE m.language END,
        home_store_id = CASE WHEN 'home_store' = ANY (t.fields) THEN t.store_id
            ELSE m.home_store_id END
    FROM target t
    WHERE m.id = t.id AND (t.fields <> '{{}}' OR t.status = 'PENDING')
), updated AS (
    INSERT INTO members_event (public_id, member_id, kind, at, recorded_at, data,
        subject_type, subject_id)
    SELECT {_id("t.noise", "e.place")}, t.id, e.kind, %(now)s, %(now)s, e.data,
        '{SUBJECT}', %(public_id)s::uuid
    FROM target t CROSS JOIN LATERAL (VALUES
        (0, 'member.updated', t.fields <> '{{}}',
            jsonb_build_object('fields', t.fields, 'source', 'IMPORT')),
        (1, 'member.activated', t.status = 'PENDING',
            jsonb_build_object('source', 'IMPORT')),
        (2, 'member.identifier_added', t.card <> '',
            jsonb_build_object('identifier', 'CARD', 'source', 'IMPORT')),
        (5, 'member.identifier_added', t.external_id <> '',
            jsonb_build_object('identifier', 'EXTERNAL', 'source', 'IMPORT'))
    ) AS e (place, kind, applies, data)
    WHERE e.applies
), registration AS (
    UPDATE enrolment_registration g SET outcome = 'FINISHED', ended_at = %(now)s
    FROM target t WHERE g.member_id = t.id AND g.outcome = 'OPEN'
), {_FURTHER.strip()}, {_PERMISSIONS.strip()}
SELECT count(*) FROM target
"""  # noqa: S608 - made of constants of this module
_OUTCOMES = f"""
SELECT r.outcome, count(*) FROM enrolment_importrow r WHERE {_BATCH} GROUP BY 1
"""  # noqa: S608 - made of constants of this module


class ClubChanged(Exception):
    """Raised when rows are no longer what the dry run took them for."""


class RowsGone(Exception):
    """Raised when a crash of the database has emptied the table of rows."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of the rows of a batch."""

    created: int
    changed: int
    same: int
    refused: int


class Batch:
    """Writes the rows of one batch."""

    def __init__(
        self, club_import: ClubImport, batch: ImportBatch, now: datetime
    ) -> None:
        self.club_import = club_import
        self.batch = batch
        self.answers: Answers = mapping.from_json(club_import.mapping)
        programme = club_import.programme
        is_proven = self.answers.is_proven
        self.values: dict[str, Any] = {
            **matching.parameters(
                club_import, self.answers, batch.first_row, batch.last_row
            ),
            "now": now,
            # The first half of an id that sorts by time: twelve digits and a seven.
            "stamp": draw_public_ids(1)[0].replace("-", "")[:13],
            "secret": os.urandom(32),
            "public_id": str(club_import.public_id),
            "language": programme.language,
            "actor": MEMBER,
            "proven_at": now if is_proven else None,
            "proof": "IMPORT" if is_proven else "",
        }
        self.bringing: Bringing | None = None
        if self.answers.bring_points:
            self.bringing = bringing_of(club_import, now=now)
        if self.bringing is not None:
            self.values |= self.bringing.values

    def write(self, *, anew: bool) -> Counts:
        """Write members, identifiers, permissions, registrations, events, points."""
        if anew:
            matching.match_again(
                self.club_import,
                self.answers,
                first=self.batch.first_row,
                last=self.batch.last_row,
            )
        with connection.cursor() as cursor:
            for statement in _HOLD:
                cursor.execute(statement, self.values)
            cursor.execute(_OUTCOMES, self.values)
            expected: dict[str, int] = dict(cursor.fetchall())
        if not expected and rows_are_gone(self.club_import):
            raise RowsGone
        created = expected.get(Outcome.NEW, 0)
        changed = expected.get(Outcome.CHANGED, 0)
        if created:
            self._create(created)
        if changed:
            self._run(_CHANGE, changed)
            # Another import of the same file may have come first.
            if self.bringing and not self.bringing.give_known(self.values):
                raise ClubChanged
        if self.answers.is_proven and (created or changed):
            with connection.cursor() as cursor:
                cursor.execute(_PROVE, self.values)
        return Counts(
            created,
            changed,
            expected.get(Outcome.SAME, 0),
            expected.get(Outcome.REFUSED, 0),
        )

    def _create(self, expected: int) -> None:
        # Some of those drawn are taken; hardly ever more than a few in a hundred.
        # Two batches at the same time do not see each other's.
        drawn = cards.new_numbers(expected + expected // 10 + 20, series=self.batch.pk)
        with connection.cursor() as cursor:
            cursor.execute(_FREE, {**self.values, "numbers": " ".join(sorted(drawn))})
            free = [number for (number,) in cursor.fetchall()]
        self.values["numbers"] = " ".join(free[:expected])
        with unchecked():
            statement = _CREATE_ALONE if _triggers_rest() else _CREATE_BESIDE_TRIGGERS
            if self.bringing is None:
                self._run(statement, expected)
                return
            brought = self._run(statement.replace(_HOW_MANY, OF_NEW), expected)
            if not self.bringing.give(*brought):
                raise ClubChanged

    def _run(self, statement: str, expected: int) -> tuple[Any, ...]:
        """Run what answers how many rows it wrote; return what else it answers."""
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values)
            written, *rest = cursor.fetchone()
        if written != expected:
            raise ClubChanged
        return tuple(rest)


def _triggers_rest() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        (role,) = cursor.fetchone()
    return bool(role == "replica")
