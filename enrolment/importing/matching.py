"""Whose the rows are: duplicates in the file, members of the club, contradictions.

In sets, over the whole import at the end of the dry run, and over one batch again when
the club has changed under it.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from enrolment.importing import bringing
from enrolment.importing.mapping import Answers, Mode
from enrolment.importing.models import ClubImport
from members.cards import NUMBER_LENGTH, NUMBER_PREFIX

_MEMORY = "SET LOCAL work_mem = '64MB'"
# Our own tables are new and large: without this the plans are those for empty ones.
_ANALYZE = "ANALYZE enrolment_importrow"
_ANALYZE_CLUB = "ANALYZE members_member, members_identifier"
# Some thousand rows, each looked up by indexes.
_FROM_THE_ROWS = (
    "SET LOCAL join_collapse_limit = 1; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
)

_SAME = """
WITH doubled AS (
    SELECT {column} AS value, min(row) AS first FROM enrolment_importrow
    WHERE club_import_id = %(import)s AND outcome <> 'REFUSED' AND {column} <> ''
    GROUP BY {column} HAVING count(*) > 1
)
UPDATE enrolment_importrow r SET outcome = 'REFUSED',
    problems = coalesce(r.problems, '[]') || jsonb_build_array(jsonb_build_object(
        'code', %(code)s::text, 'field', %(field)s::text, 'value', d.value,
        'other', d.first))
FROM doubled d
WHERE r.club_import_id = %(import)s AND r.outcome <> 'REFUSED'
    AND r.{column} = d.value AND r.row <> d.first
"""
_SAME_IN = (
    ("phone", "same_phone", "PHONE"),
    ("email", "same_email", "EMAIL"),
    ("card", "same_card", "CARD"),
    ("external_id", "same_external", "EXTERNAL"),
)

# Every member that a row names, by what, and whether that finds the member: it is
# where we write to, or it was proven (see members.identity).
_HITS = """
CREATE TEMPORARY TABLE import_hit ON COMMIT DROP AS
SELECT r.row, i.member_id, i.kind, i.value,
    i.proven_at IS NOT NULL OR i.kind IN ('CARD', 'EXTERNAL')
        OR m.phone = i.value OR lower(m.email) = i.value AS is_sure,
    m.status
FROM enrolment_importrow r
CROSS JOIN LATERAL (VALUES
    ('PHONE', '', r.phone), ('EMAIL', '', r.email), ('CARD', '', r.card),
    ('EXTERNAL', %(system)s::text, r.external_id)) AS v (kind, system, value)
JOIN members_identifier i ON i.programme_id = %(programme)s AND i.kind = v.kind
    AND i.system = v.system AND i.value = v.value AND i.ended_at IS NULL
JOIN members_member m ON m.id = i.member_id
WHERE r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s
    AND r.outcome <> 'REFUSED' AND v.value <> ''
UNION ALL
SELECT r.row, m.id, 'CARD', r.card, true, m.status
FROM enrolment_importrow r
JOIN members_member m ON m.programme_id = %(programme)s AND m.number = r.card
    AND m.status <> 'MERGED'
WHERE r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s
    AND r.outcome <> 'REFUSED' AND r.card <> ''
"""
_DROP_HITS = "DROP TABLE IF EXISTS pg_temp.import_hit"
_ANALYZE_HITS = "ANALYZE import_hit"
_FORGET = """
UPDATE enrolment_importrow
SET member_id = NULL, outcome = 'NEW', points_brought = NULL
WHERE club_import_id = %(import)s AND row BETWEEN %(first)s AND %(last)s
    AND outcome <> 'REFUSED' AND member_id IS NOT NULL
"""
# One member for every sign, or the row is refused: never one for another.
_CLAIM = """
WITH claimed AS (
    SELECT row, min(member_id) AS member_id, count(DISTINCT member_id) AS members,
        bool_and(is_sure) AS is_sure, min(status) AS status,
        min(kind) FILTER (WHERE NOT is_sure) AS unsure,
        min(value) FILTER (WHERE NOT is_sure) AS unsure_value
    FROM import_hit GROUP BY row
), judged AS (
    SELECT row, member_id, unsure, unsure_value, CASE
        WHEN members > 1 THEN 'two_members'
        WHEN NOT is_sure THEN 'unsure_member'
        WHEN status = 'LEFT' THEN 'member_left'
        WHEN status NOT IN ('ACTIVE', 'PENDING') THEN 'member_blocked'
        END AS code
    FROM claimed
)
UPDATE enrolment_importrow r SET
    member_id = CASE WHEN j.code IS NULL THEN j.member_id END,
    outcome = CASE WHEN j.code IS NULL THEN r.outcome ELSE 'REFUSED' END,
    problems = CASE WHEN j.code IS NULL THEN r.problems
        ELSE coalesce(r.problems, '[]') || jsonb_build_array(jsonb_strip_nulls(
            jsonb_build_object('code', j.code, 'field', j.unsure,
                'value', j.unsure_value))) END
FROM judged j
WHERE r.club_import_id = %(import)s AND r.row = j.row
"""
# Numbers that look like ours and are not: one day a new member would be given them.
_OUR_CARDS = """
UPDATE enrolment_importrow r SET card = '',
    problems = coalesce(r.problems, '[]') || jsonb_build_array(jsonb_build_object(
        'code', 'card_left_out', 'field', 'CARD', 'value', r.card))
WHERE r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s
    AND r.outcome <> 'REFUSED' AND r.card <> '' AND r.card ~ %(ours)s
    AND NOT EXISTS (
        SELECT FROM import_hit h WHERE h.row = r.row AND h.kind = 'CARD')
"""
# Two rows for one member, each by another sign: the second one is refused.
_TWICE = """
WITH twice AS (
    SELECT member_id, min(row) AS first FROM enrolment_importrow
    WHERE club_import_id = %(import)s AND member_id IS NOT NULL
        AND outcome <> 'REFUSED'
    GROUP BY member_id HAVING count(*) > 1
)
UPDATE enrolment_importrow r SET outcome = 'REFUSED', member_id = NULL,
    problems = coalesce(r.problems, '[]') || jsonb_build_array(
        jsonb_build_object('code', 'same_member', 'other', t.first))
FROM twice t
WHERE r.club_import_id = %(import)s AND r.member_id = t.member_id
    AND r.row <> t.first AND r.outcome <> 'REFUSED'
"""
# What an import would change in a member, by the name of the detail.
CHANGES = """
    array_remove(ARRAY[
        CASE WHEN m.phone = '' AND r.phone <> '' THEN 'phone' END,
        CASE WHEN m.email = '' AND r.email <> '' THEN 'email' END,
        CASE WHEN r.first_name <> '' AND (m.first_name = '' OR
            %(update)s AND m.first_name <> r.first_name) THEN 'first_name' END,
        CASE WHEN r.last_name <> '' AND (m.last_name = '' OR
            %(update)s AND m.last_name <> r.last_name) THEN 'last_name' END,
        CASE WHEN r.birthday_on IS NOT NULL AND (m.birthday_on IS NULL OR
            %(update)s AND m.birthday_on <> r.birthday_on) THEN 'birthday_on' END,
        CASE WHEN r.postcode <> '' AND (m.postcode = '' OR
            %(update)s AND m.postcode <> r.postcode) THEN 'postcode' END,
        CASE WHEN r.language <> '' AND %(update)s AND m.language <> r.language
            THEN 'language' END,
        CASE WHEN r.store_id IS NOT NULL AND (m.home_store_id IS NULL OR
            %(update)s AND m.home_store_id <> r.store_id) THEN 'home_store' END
    ], NULL)
"""
HAS_CARD = """
    (m.number = r.card OR EXISTS (SELECT FROM members_identifier i
        WHERE i.programme_id = m.programme_id AND i.kind = 'CARD' AND i.system = ''
            AND i.value = r.card AND i.ended_at IS NULL))
"""
HAS_EXTERNAL = """
    EXISTS (SELECT FROM members_identifier i
        WHERE i.programme_id = m.programme_id AND i.kind = 'EXTERNAL'
            AND i.system = %(system)s AND i.value = r.external_id
            AND i.ended_at IS NULL)
"""


def _answered(channel: str) -> str:
    return f"""
    EXISTS (SELECT FROM consent_consententry c
        WHERE c.member_id = m.id AND c.purpose = 'MARKETING'
            AND c.channel = '{channel}')
    """


# Somebody who has answered in this club is not asked by the old one's list.
ANSWERED_SMS, ANSWERED_EMAIL = _answered("SMS"), _answered("EMAIL")
_COMPARE = f"""
UPDATE enrolment_importrow r SET
    outcome = CASE WHEN m.status = 'PENDING' OR cardinality({CHANGES}) > 0
        OR r.card <> '' AND NOT {HAS_CARD}
        OR r.external_id <> '' AND NOT {HAS_EXTERNAL}
        OR r.sms_at IS NOT NULL AND NOT {ANSWERED_SMS}
        OR r.email_at IS NOT NULL AND NOT {ANSWERED_EMAIL}
        OR ({bringing.BRING}) IS TRUE
        THEN 'CHANGED' ELSE 'SAME' END,
    problems = nullif(coalesce(r.problems, '[]')
        || CASE WHEN r.phone <> '' AND m.phone <> '' AND m.phone <> r.phone
            AND NOT r.problems @@ '$[*].code == "other_phone"' IS TRUE
            THEN jsonb_build_array(jsonb_build_object('code', 'other_phone',
                'field', 'PHONE', 'value', r.phone)) ELSE '[]' END
        || CASE WHEN r.email <> '' AND m.email <> '' AND lower(m.email) <> r.email
            AND NOT r.problems @@ '$[*].code == "other_email"' IS TRUE
            THEN jsonb_build_array(jsonb_build_object('code', 'other_email',
                'field', 'EMAIL', 'value', r.email)) ELSE '[]' END, '[]')
FROM members_member m
WHERE r.club_import_id = %(import)s AND r.row BETWEEN %(first)s AND %(last)s
    AND r.outcome <> 'REFUSED' AND m.id = r.member_id
"""  # noqa: S608 - made of constants of this module
_OUTCOMES = """
SELECT outcome, count(*) FROM enrolment_importrow
WHERE club_import_id = %(import)s GROUP BY outcome
"""
_CODES = """
SELECT p.problem ->> 'code', count(*) FROM enrolment_importrow r
CROSS JOIN LATERAL jsonb_array_elements(r.problems) AS p (problem)
WHERE r.club_import_id = %(import)s AND r.problems IS NOT NULL GROUP BY 1
"""
_PERMISSIONS = """
SELECT count(sms_at), count(email_at) FROM enrolment_importrow
WHERE club_import_id = %(import)s AND outcome <> 'REFUSED'
"""


def parameters(
    club_import: ClubImport, answers: Answers, first: int = 0, last: int = 2**31 - 1
) -> dict[str, Any]:
    """Return what the statements of this module and of `writing` are given."""
    return {
        "import": club_import.pk,
        "programme": club_import.programme_id,
        "system": answers.system,
        "update": answers.mode is Mode.UPDATE,
        "ours": f"^{NUMBER_PREFIX}[0-9]{{{NUMBER_LENGTH - len(NUMBER_PREFIX)}}}$",
        "first": first,
        "last": last,
    }


def match_all(club_import: ClubImport, answers: Answers) -> None:
    """Decide what is to come of every row, in the caller's transaction."""
    values = parameters(club_import, answers)
    with connection.cursor() as cursor:
        cursor.execute(_MEMORY)
        cursor.execute(_ANALYZE)
        for column, code, field in _SAME_IN:
            cursor.execute(
                _SAME.format(column=column), {**values, "code": code, "field": field}
            )
    _match(values, answers)


def match_again(
    club_import: ClubImport, answers: Answers, *, first: int, last: int
) -> None:
    """Decide anew what is to come of the rows of a batch.

    Whoever calls this has had the tables of members analysed (`learn_the_club`).
    """
    values = parameters(club_import, answers, first, last)
    with connection.cursor() as cursor:
        cursor.execute(_FROM_THE_ROWS)
        cursor.execute(_FORGET, values)
    _match(values, answers)


def learn_the_club() -> None:
    """Have PostgreSQL count members and identifiers, outside of any batch.

    An import fills them faster than they are analysed on their own. Taken for empty,
    they would be read first, and the rows of the batch once for each member.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ANALYZE_CLUB)


def summarize(
    club_import: ClubImport, answers: Answers, *, at: datetime
) -> dict[str, Any]:
    """Count outcomes, problems, permissions, and points with their worth then."""
    values = {"import": club_import.pk}
    with connection.cursor() as cursor:
        cursor.execute(_OUTCOMES, values)
        outcomes = dict(cursor.fetchall())
        cursor.execute(_CODES, values)
        codes = dict(cursor.fetchall())
        cursor.execute(_PERMISSIONS, values)
        sms, email = cursor.fetchone()
    report = {"outcomes": outcomes, "codes": codes, "sms": sms, "email": email}
    if answers.bring_points:
        report["points"] = bringing.count(club_import, at=at)
    return report


def _match(values: dict[str, Any], answers: Answers) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_DROP_HITS)
        cursor.execute(_HITS, values)
        cursor.execute(_ANALYZE_HITS)
        cursor.execute(_CLAIM, values)
        cursor.execute(_OUR_CARDS, values)
        cursor.execute(_TWICE, values)
        if answers.bring_points:
            bringing.find_brought(values)
        cursor.execute(_COMPARE, values)
