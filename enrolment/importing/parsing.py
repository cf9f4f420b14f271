"""A row's cells made into the line that COPY takes, with all that is wrong with it.

The one place where Python touches every row: written to be quick, measured by the
bench.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from common.copying import NULL, escaped
from enrolment.importing.cells import (
    UNREADABLE,
    birthday_reader,
    copied_cells,
    kept,
    last_day_reader,
    moment_reader,
    name_of,
    postcode_of,
)
from enrolment.importing.columns import Column
from enrolment.importing.mapping import Answers
from enrolment.importing.problems import ERRORS
from enrolment.importing.reading import fault_of
from enrolment.importing.values import (
    is_member,
    is_plain_id,
    phone_reader,
    read_answer,
    read_email,
    read_language,
    read_name,
    read_points,
    split_name,
)
from members.identity import IdentifierInvalid, Kind, clean_value
from members.phones import PhoneInvalid
from members.services import EmailInvalid

COPIED = (
    "club_import_id row outcome phone email first_name last_name birthday_on postcode "
    "language store_id card external_id since sms_at sms_source email_at email_source "
    "problems points points_until raw"
).split()
_SOURCE = 120

Problem = dict[str, str]


@dataclass(frozen=True, slots=True)
class Club:
    """What a row is read against."""

    country: str
    zone: ZoneInfo
    language: str
    languages: frozenset[str]
    # Keys of stores by code, in lower case.
    stores: Mapping[str, int]


# Places in `COPIED`.
(
    _ROW,
    _OUTCOME,
    _PHONE,
    _EMAIL,
    _FIRST,
    _LAST,
    _BIRTHDAY,
    _POST,
    _LANGUAGE,
    _STORE,
    _CARD,
    _EXTERNAL,
    _SINCE,
    _SMS_AT,
    _SMS_SOURCE,
    _EMAIL_AT,
    _EMAIL_SOURCE,
    _PROBLEMS,
    _POINTS,
    _POINTS_UNTIL,
    _RAW,
) = range(1, len(COPIED))
_CAN_BE_NULL = (
    *(_BIRTHDAY, _STORE, _SINCE, _SMS_AT, _EMAIL_AT, _PROBLEMS),
    *(_POINTS, _POINTS_UNTIL),
)

Reader = Callable[[Sequence[str], list[str]], None]


class Parser:
    """Reads the rows of one import."""

    def __init__(
        self, import_id: int, answers: Answers, club: Club, *, width: int, now: datetime
    ) -> None:
        self.club = club
        self._source = answers.source
        self._width = width
        # What no column holds is in the empty cell that every row is given at its end.
        self._places = dict.fromkeys(Column, -1)
        for place, column in reversed([*enumerate(answers.columns)]):
            self._places[column] = place
        self._blank = [""] * len(COPIED)
        self._blank[0] = str(import_id)
        self._blank[_OUTCOME] = "NEW"
        self._blank[_RAW] = f"{NULL}\n"
        for place in _CAN_BE_NULL:
            self._blank[place] = NULL
        self._today = now.astimezone(club.zone).date()
        self._phone = phone_reader(club.country)
        self._birthday = birthday_reader(answers.birthdays, self._today)
        self._moment = moment_reader(answers.dates, club.zone, now)
        self._last_day = last_day_reader(answers.dates, self._today)
        self._readers = [*self._make_readers()]
        self._problems: list[Problem] = []

    def line(self, row: int, cells: list[str]) -> str:
        """Return the row as COPY takes it."""
        problems: list[Problem] = []
        self._problems = problems
        out = self._blank.copy()
        out[_ROW] = str(row)
        missing = self._width - len(cells)
        if missing < 0 and any(cells[self._width :]):
            self._say("too_many_cells")
        padded = (
            [*cells[: self._width], *[""] * missing, ""] if missing else [*cells, ""]
        )
        if fault := fault_of(cells):
            self._say(fault)
        else:
            for reader in self._readers:
                reader(padded, out)
        if problems:
            out[_PROBLEMS] = escaped(json.dumps(problems, ensure_ascii=False))
            if any(problem["code"] in ERRORS for problem in problems):
                out[_OUTCOME] = "REFUSED"
                out[_RAW] = f"{copied_cells([] if fault else cells)}\n"
        return "\t".join(out)

    def _make_readers(self) -> Iterator[Reader]:
        """Yield a reader for each thing that the file holds."""
        yield self._contacts
        if self._has(Column.FULL_NAME):
            yield self._full_name
        if self._has(Column.FIRST_NAME):
            yield self._name(Column.FIRST_NAME, _FIRST)
        if self._has(Column.LAST_NAME):
            yield self._name(Column.LAST_NAME, _LAST)
        for column, reader in (
            (Column.BIRTHDAY, self._birthdays),
            (Column.POSTCODE, self._postcode),
            (Column.LANGUAGE, self._language),
            (Column.STORE, self._store),
            (Column.SINCE, self._since),
            (Column.STATUS, self._status),
            (Column.POINTS, self._points),
        ):
            if self._has(column):
                yield reader
        if self._has(Column.CARD):
            yield self._identifier(Column.CARD, _CARD, Kind.CARD)
        if self._has(Column.EXTERNAL):
            yield self._identifier(Column.EXTERNAL, _EXTERNAL, Kind.EXTERNAL)
        if self._has(Column.SMS):
            columns = (Column.SMS, Column.SMS_AT, Column.SMS_SOURCE)
            yield self._permission("sms", columns, _SMS_AT, _SMS_SOURCE)
        if self._has(Column.MAIL):
            columns = (Column.MAIL, Column.MAIL_AT, Column.MAIL_SOURCE)
            yield self._permission("mail", columns, _EMAIL_AT, _EMAIL_SOURCE)

    # CONTACT

    def _contacts(self, cells: Sequence[str], out: list[str]) -> None:
        phone = cells[self._places[Column.PHONE]]
        email = cells[self._places[Column.EMAIL]]
        why = ""
        bad_email = False
        if phone:
            try:
                out[_PHONE] = self._phone(phone)
            except PhoneInvalid as error:
                why = error.code if phone.strip() else ""
        if email:
            try:
                out[_EMAIL] = escaped(read_email(email))
            except EmailInvalid:
                bad_email = True
        if why or bad_email or not (out[_PHONE] or out[_EMAIL]):
            self._say_contacts(phone, why, email if bad_email else "", out)

    def _say_contacts(
        self, phone: str, why: str, bad_email: str, out: Sequence[str]
    ) -> None:
        has_one = out[_PHONE] or out[_EMAIL]
        if why:
            code = "phone_left_out" if has_one else "phone_invalid"
            self._say(code, Column.PHONE, phone, why=why)
        if bad_email:
            code = "email_left_out" if has_one else "email_invalid"
            self._say(code, Column.EMAIL, bad_email)
        if not has_one and not why and not bad_email:
            self._say("no_contact")

    # NAMES

    def _full_name(self, cells: Sequence[str], out: list[str]) -> None:
        first, last = split_name(cells[self._places[Column.FULL_NAME]])
        self._keep_name(first, out, _FIRST, Column.FULL_NAME)
        self._keep_name(last, out, _LAST, Column.FULL_NAME)

    def _name(self, column: Column, to: int) -> Reader:
        place = self._places[column]

        def read(cells: Sequence[str], out: list[str]) -> None:
            self._keep_name(cells[place], out, to, column)

        return read

    def _keep_name(self, typed: str, out: list[str], to: int, column: Column) -> None:
        out[to], code = name_of(typed)
        if code:
            self._say(code, column, read_name(typed))

    # THE REST

    def _birthdays(self, cells: Sequence[str], out: list[str]) -> None:
        typed = cells[self._places[Column.BIRTHDAY]]
        if not typed:
            return
        born, code = self._birthday(typed)
        if code:
            # Not the value, which may be a personal identity number.
            self._say(code, Column.BIRTHDAY)
        else:
            out[_BIRTHDAY] = born

    def _postcode(self, cells: Sequence[str], out: list[str]) -> None:
        out[_POST], bad = postcode_of(cells[self._places[Column.POSTCODE]])
        if bad:
            self._say("postcode_left_out", Column.POSTCODE, bad)

    def _language(self, cells: Sequence[str], out: list[str]) -> None:
        typed = cells[self._places[Column.LANGUAGE]]
        language = read_language(typed)
        if language in self.club.languages:
            out[_LANGUAGE] = language
        elif typed.strip():
            self._say("language_unknown", Column.LANGUAGE, typed)

    def _store(self, cells: Sequence[str], out: list[str]) -> None:
        typed = cells[self._places[Column.STORE]].strip()
        if not typed:
            return
        store = self.club.stores.get(typed.casefold())
        if store is None:
            self._say("store_unknown", Column.STORE, typed)
        else:
            out[_STORE] = str(store)

    def _identifier(self, column: Column, to: int, kind: str) -> Reader:
        place = self._places[column]
        code = f"{column.value.lower()}_left_out"

        def read(cells: Sequence[str], out: list[str]) -> None:
            typed = cells[place]
            if is_plain_id(typed):
                # Most are, and are stored as they stand.
                out[to] = typed
                return
            if not typed or not typed.strip():
                return
            try:
                value = clean_value(kind, typed, country=self.club.country)
            except IdentifierInvalid:
                value = UNREADABLE
            if UNREADABLE in value:
                self._say(code, column, typed)
            else:
                out[to] = escaped(value)

        return read

    def _since(self, cells: Sequence[str], out: list[str]) -> None:
        typed = cells[self._places[Column.SINCE]]
        if not typed:
            return
        at = self._moment(typed)
        if at:
            out[_SINCE] = at
        elif typed.strip():
            self._say("since_left_out", Column.SINCE, typed)

    def _status(self, cells: Sequence[str], _out: list[str]) -> None:
        typed = cells[self._places[Column.STATUS]]
        is_one = is_member(typed)
        if is_one is None:
            self._say("status_unknown", Column.STATUS, typed)
        elif not is_one:
            self._say("has_left", Column.STATUS, typed)

    def _permission(
        self, word: str, columns: tuple[Column, Column, Column], to: int, to_source: int
    ) -> Reader:
        """Return a reader: a yes counts with its date and source, and nothing else."""
        asked, dated, sourced = columns
        at_answer, at_date, at_source = (self._places[column] for column in columns)

        def read(cells: Sequence[str], out: list[str]) -> None:
            answer = read_answer(cells[at_answer])
            if answer is None:
                self._say(f"{word}_unclear", asked, cells[at_answer])
            if not answer:
                return
            at = self._moment(cells[at_date])
            source = read_name(cells[at_source]) or self._source
            if not at:
                self._say(f"{word}_no_date", dated, cells[at_date])
            elif not source or UNREADABLE in source:
                self._say(f"{word}_no_source", sourced, source)
            else:
                out[to] = at
                out[to_source] = escaped(source[:_SOURCE])

        return read

    # POINTS

    def _points(self, cells: Sequence[str], out: list[str]) -> None:
        """Read a balance and until when it lasts; never guess what is somebody's."""
        typed = cells[self._places[Column.POINTS]]
        points, code = read_points(typed)
        if code:
            self._say(code, Column.POINTS, typed)
        if not points:
            return
        written = cells[self._places[Column.POINTS_UNTIL]]
        until, code = self._last_day(written)
        if code:
            self._say(code, Column.POINTS_UNTIL, written)
        else:
            out[_POINTS] = str(points)
            out[_POINTS_UNTIL] = until

    # SMALL THINGS

    def _has(self, column: Column) -> bool:
        return self._places[column] >= 0

    def _say(self, code: str, column: str = "", value: str = "", why: str = "") -> None:
        problem = {"code": code}
        if column:
            problem["field"] = str(column)
        if value:
            problem["value"] = kept(value)[:80]
        if why:
            problem["why"] = why
        self._problems.append(problem)
