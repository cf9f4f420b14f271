"""Finding members by what somebody remembers of them, in a club of a million.

What is typed is read as words, each of which must begin a name or the e-mail address,
and numbers, each of which must begin or end the mobile or the membership number. See
decision 0009 for the figures and for what was tried. What else members are known by is
found by its whole value only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower

from members import phones
from members.models import Identifier, Member
from stores.models import Programme

# More hits than this are not counted; nobody pages through them.
MOST = 1000
# How many of the newest members are looked through when there are more hits.
WINDOW = 5_000
LONGEST_TYPED = 80
MOST_WORDS = 6
# More than this have one value only when cards changed hands again and again.
MOST_KNOWN_BY = 20

_NUMBER = re.compile(r"[+(]*[0-9][0-9().\-/]*\Z")
_NOT_DIGITS = re.compile(r"[^0-9]")
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one row `m`, as SQL with its parameters."""

    sql: str
    params: tuple[Any, ...]

    @classmethod
    def any_of(cls, conditions: Iterable["Condition"]) -> "Condition":
        """Return the condition that holds when one of these does."""
        return cls._joined(" OR ", conditions)

    @classmethod
    def all_of(cls, conditions: Iterable["Condition"]) -> "Condition":
        """Return the condition that holds when each of these does."""
        return cls._joined(" AND ", conditions)

    @classmethod
    def _joined(cls, word: str, conditions: Iterable["Condition"]) -> "Condition":
        parts = list(conditions)
        return cls(
            f"({word.join(part.sql for part in parts)})",
            tuple(param for part in parts for param in part.params),
        )

    def without_index(self) -> "Condition":
        """Return the same test in a form for which no index is read."""
        return Condition(f"({self.sql} IS TRUE)", self.params)


@dataclass(frozen=True, slots=True)
class Term:
    """One word or number, and the ways in which it can fit, each with an index."""

    length: int
    ways: list[Condition]


@dataclass(frozen=True, slots=True)
class Matches:
    """Who was found, newest first among equals; `is_capped` when there are more."""

    ids: Sequence[int]
    is_capped: bool
    # By which further identifier somebody was found, by the member's key.
    known_by: Mapping[int, Identifier] = field(default_factory=dict)


def parse(typed: str, *, calling_codes: Sequence[int]) -> list[Term]:
    """Read what was typed as words and numbers; nothing to look for gives no entry."""
    parts: list[tuple[bool, str]] = []
    for word in typed[:LONGEST_TYPED].replace("\x00", "").lower().split():
        if not _NUMBER.match(word):
            parts.append((False, word))
            continue
        # `070 123 45` is one number in groups.
        if parts and parts[-1][0]:
            parts[-1] = (True, parts[-1][1] + word)
        else:
            parts.append((True, word))
    return [
        _number(word, calling_codes) if is_number else _word(word)
        for is_number, word in parts[:MOST_WORDS]
    ]


def find(
    typed: str,
    *,
    programme: Programme,
    status: str = "",
    home_store_id: int | None = None,
) -> Matches | None:
    """Return the members who fit every word, or None when there is no word in it.

    Of more than MOST, those among the newest WINDOW members come first.
    """
    wanted = parse(typed, calling_codes=calling_codes(programme))
    if not wanted:
        return None
    known_by = find_known_by(
        typed, programme=programme, status=status, home_store_id=home_store_id
    )
    # Not an index for the programme: that would be one of nearly every row.
    scope = Condition("m.programme_id + 0 = %s", (programme.pk,))
    narrow = [scope]
    if status:
        narrow.append(Condition("m.status = %s", (status,)))
    if home_store_id:
        narrow.append(Condition("m.home_store_id = %s", (home_store_id,)))
    with transaction.atomic():
        ids = _candidates(wanted, narrow)
        is_capped = len(ids) > MOST
        newest = _newest(wanted, narrow, programme) if is_capped else []
    # A dict keeps the order and drops the doubles.
    ordered = list(dict.fromkeys([*known_by, *newest, *ids]))
    return Matches(ordered[:MOST], is_capped=is_capped, known_by=known_by)


def find_known_by(
    typed: str,
    *,
    programme: Programme,
    status: str = "",
    home_store_id: int | None = None,
) -> dict[int, Identifier]:
    """Return who has exactly this number, address, card or id, by the member's key.

    A further number or address only when it is proven; a card also when it is lost.
    """
    identifiers = (
        Identifier.objects.filter(_is_exactly(typed, programme), programme=programme)
        .exclude(member__status=Member.Status.ERASED)
        # The contacts that we write to are found by their parts as well.
        .exclude(kind=Identifier.Kind.PHONE, value=F("member__phone"))
        .exclude(kind=Identifier.Kind.EMAIL, value=Lower("member__email"))
        .select_related("programme")
        # Live ones last, to stand when a card was lost by one and given to another.
        .order_by(F("ended_at").asc(nulls_last=True), "pk")
    )
    if status:
        identifiers = identifiers.filter(member__status=status)
    if home_store_id:
        identifiers = identifiers.filter(member__home_store_id=home_store_id)
    return {each.member_id: each for each in identifiers[:MOST_KNOWN_BY]}


def _is_exactly(typed: str, programme: Programme) -> Q:
    kinds = Identifier.Kind
    value = typed[:LONGEST_TYPED].replace("\x00", "").strip()
    is_found = Q(ended_at=None, proven_at__isnull=False)
    card = "".join(value.split()).upper()
    fits = Q(kind=kinds.CARD, value=card)
    # By name, because only so the index serves that holds the ids of all systems.
    for system in _systems(programme):
        fits |= Q(kind=kinds.EXTERNAL, system=system, value=value, ended_at=None)
    if "@" in value:
        fits |= is_found & Q(kind=kinds.EMAIL, system="", value=value.lower())
    try:
        phone = phones.normalize(value, country=programme.country)
    except phones.PhoneInvalid:
        return fits
    return fits | is_found & Q(kind=kinds.PHONE, system="", value=phone)


_SYSTEMS = """
WITH RECURSIVE known AS (
    (SELECT system FROM members_identifier
    WHERE programme_id = %(programme)s AND kind = 'EXTERNAL' AND ended_at IS NULL
    ORDER BY system LIMIT 1)
    UNION ALL
    SELECT (SELECT i.system FROM members_identifier i
        WHERE i.programme_id = %(programme)s AND i.kind = 'EXTERNAL'
            AND i.ended_at IS NULL AND i.system > known.system
        ORDER BY i.system LIMIT 1)
    FROM known WHERE known.system IS NOT NULL
)
SELECT system FROM known WHERE system IS NOT NULL
"""


def _systems(programme: Programme) -> list[str]:
    """Return whose ids members have: a handful, by as many steps along the index."""
    with connection.cursor() as cursor:
        cursor.execute(_SYSTEMS, {"programme": programme.pk})
        return [row[0] for row in cursor.fetchall()]


def calling_codes(programme: Programme) -> list[int]:
    """Return the calling codes of the countries whose numbers members have."""
    countries = dict.fromkeys([programme.country, *programme.sms_countries])
    return [phonenumbers.country_code_for_region(country) for country in countries]


def _candidates(wanted: list[Term], narrow: list[Condition]) -> list[int]:
    """Return up to MOST + 1 ids, by indexes alone.

    Never by walking the table until enough fit: after an import in the order of names
    the Annas lie together, and the walk may pass by everybody else first.
    """
    found: dict[int, None] = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for test in _tests(wanted, is_narrow=len(narrow) > 1):
            condition = Condition.all_of([test, *narrow])
            cursor.execute(
                f"SELECT m.id FROM members_member m WHERE {condition.sql} LIMIT %s",  # noqa: S608
                [*condition.params, MOST + 1],
            )
            found.update(dict.fromkeys(row[0] for row in cursor.fetchall()))
            if len(found) > MOST:
                break
        cursor.execute("SET LOCAL enable_seqscan = DEFAULT")
    return list(found)


def _newest(
    wanted: list[Term], narrow: list[Condition], programme: Programme
) -> list[int]:
    """Return the hits among the newest members, newest first."""
    test = Condition.all_of(
        [*(Condition.any_of(term.ways) for term in wanted), *narrow]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT m.id FROM (
                SELECT * FROM members_member WHERE programme_id = %s
                ORDER BY registered_at DESC LIMIT %s
            ) AS m
            WHERE {test.sql} ORDER BY m.registered_at DESC LIMIT %s
            """,  # noqa: S608
            [programme.pk, WINDOW, *test.params, MOST],
        )
        return [row[0] for row in cursor.fetchall()]


def _tests(wanted: list[Term], *, is_narrow: bool) -> list[Condition]:
    """Split a search into tests that indexes answer, one after the other.

    With one word each of its ways is a test, so that the first that fills the cap ends
    the search. With several the longer words lead: single letters fit a tenth of the
    club each, and reading their index costs more than testing what the others found.
    """
    if len(wanted) == 1:
        (term,) = wanted
        if term.length == 1 and is_narrow:
            # The store or the status leads: fewer have it than begin with the letter.
            return [Condition.any_of(term.ways).without_index()]
        return term.ways
    longest = max(term.length for term in wanted)
    return [
        Condition.all_of(
            Condition.any_of(term.ways)
            if term.length >= min(longest, 2)
            else Condition.any_of(term.ways).without_index()
            for term in wanted
        )
    ]


def _word(word: str) -> Term:
    ways = [_address(word)]
    starts = [f"'{part}':*" for part in _NOT_LETTERS.split(word) if part]
    if starts:
        ways.append(
            Condition("m.words @@ to_tsquery('simple', %s)", (" & ".join(starts),))
        )
    return Term(len(word), ways)


def _number(typed: str, codes: Sequence[int]) -> Term:
    digits = _NOT_DIGITS.sub("", typed)
    starts = dict.fromkeys(_international(typed, digits, codes))
    turned = f"{digits[::-1]}%"
    ways = [
        *(
            Condition("(m.phone LIKE %s AND NOT (m.phone = ''))", (f"{start}%",))
            for start in starts
        ),
        Condition("m.number LIKE %s", (f"{digits}%",)),
        Condition("reverse(m.phone) LIKE %s", (turned,)),
        Condition("reverse(m.number) LIKE %s", (turned,)),
        _address(typed),
    ]
    return Term(len(digits), ways)


def _address(typed: str) -> Condition:
    """Return the test of who has an address that begins so.

    The empty ones are ruled out in words, for the index does not hold them.
    """
    return Condition(
        "(lower(m.email) LIKE %s AND NOT (m.email = ''))", (f"{_escaped(typed)}%",)
    )


def _international(typed: str, digits: str, codes: Sequence[int]) -> list[str]:
    """Return how a number that begins like this begins in E.164."""
    if typed.startswith("+"):
        return [f"+{_without_trunk(digits, codes)}"]
    if digits.startswith("00"):
        return [f"+{_without_trunk(digits[2:], codes)}"]
    national = digits.removeprefix("0")
    starts = [f"+{code}{national}" for code in codes]
    if not digits.startswith("0"):
        starts.append(f"+{_without_trunk(digits, codes)}")
    return starts


def _without_trunk(digits: str, codes: Sequence[int]) -> str:
    """Drop the zero of `+46 (0)70`."""
    for code in codes:
        if digits.startswith(f"{code}0"):
            return f"{code}{digits[len(str(code)) + 1 :]}"
    return digits


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
