from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from enrolment.importing import values
from enrolment.importing.columns import Column, guess, named
from enrolment.importing.dates import FORMATS, day_reader, moment_reader, parse_day
from enrolment.importing.sniffing import day_format
from members import phones
from members.identity import Kind, clean_value
from members.phones import PhoneInvalid
from members.services import EmailInvalid, clean_email

COUNTRIES = ("SE", "DK", "NO", "FI")
LATEST = datetime(2026, 11, 2, tzinfo=UTC)
# Starts of every kind of number around the Baltic, and what people put between digits.
STARTS = st.sampled_from(
    "07 070 072 073 074 075 076 077 078 079 08 +46 0046 +467 +4670 46 +45 0045 +452 "
    "+47 +474 +479 +358 +35840 00358 040 050 04 2 4 6 9 71 20 900 80 +49 +1 99".split()
)
DIGITS = st.text("0123456789", max_size=10)
FILLERS = st.sampled_from(["", " ", "-", ".", "/", "(", ")", "(0)", "+"])


def either(read, raw):
    try:
        return read(raw)
    except PhoneInvalid as error:
        return error.code


class TestPhoneReader:
    @settings(max_examples=600, deadline=None)
    @given(
        country=st.sampled_from(COUNTRIES),
        start=STARTS,
        first=DIGITS,
        filler=FILLERS,
        last=DIGITS,
    )
    @example(country="SE", start="+46", first="070", filler=" ", last="1741001")
    @example(country="DK", start="20", first="12", filler=" ", last="3456")
    @example(country="FI", start="+358", first="40", filler=" ", last="1234567")
    @example(country="NO", start="9", first="00", filler="", last="12345")
    def test_agrees_with_the_long_way(self, country, start, first, filler, last):
        raw = f"{start}{first}{filler}{last}"
        read = values.phone_reader(country)

        assert either(read, raw) == either(
            lambda typed: phones.normalize(typed, country=country), raw
        )

    @given(raw=st.text(max_size=45), country=st.sampled_from(COUNTRIES))
    @settings(max_examples=200, deadline=None)
    def test_agrees_about_any_text(self, raw, country):
        read = values.phone_reader(country)
        typed = raw.removeprefix("'")

        assert either(read, raw) == either(
            lambda text: phones.normalize(text, country=country), typed
        )

    @pytest.mark.parametrize(
        ("country", "raw", "e164"),
        [
            ("SE", "070-174 10 01", "+46701741001"),
            ("SE", "0046 70 174 10 01", "+46701741001"),
            ("SE", "+45 20 12 34 56", "+4520123456"),
            ("SE", "'+46701741001", "+46701741001"),
            ("DK", "20 12 34 56", "+4520123456"),
            ("FI", "040 123 4567", "+358401234567"),
        ],
    )
    def test_takes_the_short_way_for_the_usual(self, country, raw, e164):
        assert values.phone_reader(country)(raw) == e164


class TestReadEmail:
    @settings(max_examples=300, deadline=None)
    @given(
        raw=st.one_of(
            st.emails(),
            st.text("aZ09._+-@ åé", max_size=30),
            st.from_regex(r"[a-z.]{1,8}@[a-z0-9.-]{1,12}\.[a-z]{1,4}", fullmatch=True),
        )
    )
    def test_agrees_with_the_long_way(self, raw):
        def long_way(typed):
            if not typed.strip():
                return None
            try:
                return clean_email(typed)
            except EmailInvalid:
                return None

        def short_way(typed):
            if not typed.strip():
                return None
            try:
                return values.read_email(typed)
            except EmailInvalid:
                return None

        assert short_way(raw) == long_way(raw)


class TestPlainIds:
    KINDS = st.sampled_from([Kind.CARD, Kind.EXTERNAL])

    @given(KINDS, st.text("AZ09", min_size=1, max_size=32))
    def test_are_stored_as_the_long_way_would(self, kind, raw):
        assert values.is_plain_id(raw)
        assert clean_value(kind, raw, country="SE") == raw

    @given(KINDS, st.text("AZ09az -_å\n", max_size=40))
    @example(Kind.CARD, "A" * 33)
    @example(Kind.EXTERNAL, "A1\n")
    def test_are_only_those(self, kind, raw):
        if values.is_plain_id(raw):
            assert clean_value(kind, raw, country="SE") == raw


class TestReadAnswer:
    @pytest.mark.parametrize("word", ["Ja", "1", "TRUE", "x", "kyllä", " yes "])
    def test_knows_a_yes(self, word):
        assert values.read_answer(word) is True

    @pytest.mark.parametrize("word", ["Nej", "0", "", "false", "ei"])
    def test_knows_a_no(self, word):
        assert values.read_answer(word) is False

    @pytest.mark.parametrize("word", ["kanske", "2", "?"])
    def test_takes_nothing_else_for_either(self, word):
        assert values.read_answer(word) is None


class TestNames:
    @pytest.mark.parametrize(
        ("raw", "parts"),
        [
            ("Eva-Lena Åkesson", ("Eva-Lena", "Åkesson")),
            ("Åkesson, Eva-Lena", ("Eva-Lena", "Åkesson")),
            ("Anna  Maria Lind", ("Anna Maria", "Lind")),
            ("Cher", ("Cher", "")),
            ("", ("", "")),
        ],
    )
    def test_are_parted(self, raw, parts):
        assert values.split_name(raw) == parts

    def test_lose_what_cannot_be_seen(self):
        assert values.read_name(" A\0nn\ta\u200f ") == "A nn a"


class TestDays:
    @pytest.mark.parametrize(
        ("code", "typed", "day"),
        [
            ("YYYY-MM-DD", "1985-04-23", date(1985, 4, 23)),
            ("YYYYMMDD", "19850423-1234", date(1985, 4, 23)),
            ("DD.MM.YYYY", "23/4/1985", date(1985, 4, 23)),
            ("MM/DD/YYYY", "04/23/1985", date(1985, 4, 23)),
            ("DD.MM.YY", "23.04.85", date(1985, 4, 23)),
            ("YYMMDD", "850423", date(1985, 4, 23)),
            ("DDMMYY", "230485-1234", date(1985, 4, 23)),
            ("YYYY-MM-DD", "1985-13-01", None),
            ("YYYY-MM-DD", "i går", None),
            ("YYYY-MM-DD", "١٩٨٥-٠٤-٢٣", None),
        ],
    )
    def test_are_read(self, code, typed, day):
        assert day_reader(code, latest=LATEST.date())(typed) == day

    @given(day=st.dates(date(1930, 1, 1), date(2026, 1, 1)))
    def test_written_in_a_way_are_read_in_it(self, day):
        written = {
            "YYYY-MM-DD": "%Y-%m-%d",
            "YYYYMMDD": "%Y%m%d",
            "DD.MM.YYYY": "%d.%m.%Y",
            "MM/DD/YYYY": "%m/%d/%Y",
        }

        for code, form in written.items():
            assert parse_day(day.strftime(form), code) == day

    def test_are_told_apart_by_all_of_them(self):
        assert day_format(["01/02/1980", "23/02/1980"]) == "DD.MM.YYYY"
        assert day_format(["01/02/1980", "02/23/1980"]) == "MM/DD/YYYY"
        assert day_format([]) == next(iter(FORMATS))


class TestMoments:
    @pytest.mark.parametrize(
        ("typed", "at"),
        [
            ("2019-05-02", datetime(2019, 5, 1, 22, 0, tzinfo=UTC)),
            ("2019-05-02 12:30", datetime(2019, 5, 2, 10, 30, tzinfo=UTC)),
            ("2019-05-02T12:30:05Z", datetime(2019, 5, 2, 12, 30, 5, tzinfo=UTC)),
            ("2019-05-02T12:30:05+02:00", datetime(2019, 5, 2, 10, 30, 5, tzinfo=UTC)),
            ("2031-05-02", None),
            ("2019-05-02 kl 12", None),
            ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_are_read_by_the_clubs_clock(self, typed, at):
        zone = ZoneInfo("Europe/Stockholm")
        read = moment_reader("YYYY-MM-DD", zone, latest=LATEST)

        if typed.startswith("0001"):
            # Before the first moment there is, by UTC: nothing, and no error.
            assert read(typed) is None
        else:
            assert read(typed) == at


class TestHeadings:
    @pytest.mark.parametrize(
        ("heading", "column"),
        [
            ("Mobil", Column.PHONE),
            ("Telefonnummer", Column.PHONE),
            ("Matkapuhelin", Column.PHONE),
            ("E-post", Column.EMAIL),
            ("Sähköposti", Column.EMAIL),
            ("Förnamn", Column.FIRST_NAME),
            ("Etternavn", Column.LAST_NAME),
            ("Fødselsdato", Column.BIRTHDAY),
            ("Postnr", Column.POSTCODE),
            ("Kortnummer", Column.CARD),
            ("Kundnr", Column.EXTERNAL),
            ("Medlem sedan", Column.SINCE),
            ("Samtycke SMS", Column.SMS),
            ("SMS datum", Column.SMS_AT),
            ("SMS-källa", Column.SMS_SOURCE),
            ("Nyhetsbrev", Column.MAIL),
            ("E-post samtycke datum", Column.MAIL_AT),
            ("Hemmabutik", Column.STORE),
            ("Språk", Column.LANGUAGE),
            ("Poängsaldo", Column.POINTS),
            ("Status", Column.STATUS),
            ("Namn", Column.FULL_NAME),
            ("Skostorlek", Column.IGNORE),
        ],
    )
    def test_say_what_a_column_holds(self, heading, column):
        assert named(heading) is column

    def test_without_them_the_content_says_it(self):
        rows = [["0701741001", "a@exempel.se", "x"], ["0701741002", "b@exempel.se", ""]]

        assert guess(["A", "B", "C"], rows) == [
            Column.PHONE,
            Column.EMAIL,
            Column.IGNORE,
        ]
