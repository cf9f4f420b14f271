from datetime import date

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from members import likeness
from members.likeness import Likeness, Profile, compare

BORN = date(1984, 3, 9)
VERA = Profile(
    first_name="Vera",
    last_name="Lindqvist",
    birthday_on=BORN,
    postcode="753 10",
    phone="+46701740001",
    phones=frozenset({"+46701740001"}),
    emails=frozenset({"vera.lindqvist@example.se"}),
)
NAMES = [
    ("Åsa", "Öberg", "ASA", "oberg"),
    ("Øystein", "Ærø", "oystein", "aero"),
    ("Eva-Lena", "von Essen", "eva lena", "VonEssen"),
    ("José", "O’Brien", "Jose", "O'Brien"),
    ("Łukasz", "Groß", "lukasz", "gross"),
    ("Ｖｅｒａ", "Ek", "Vera", "Ek"),
    ("Vera", "Ek", "Ek", "Vera"),
    ("Анна", "Иванова", "Анна", "Иванова"),
]
MAILBOXES = [
    ("Vera.Ek@gmail.com", "veraek@gmail.com"),
    ("vera.ek+club@gmail.com", "v.e.r.a.e.k@googlemail.com"),
    ("vera+shop@ljung.se", "vera@ljung.se"),
    ("+@ljung.se", "+@ljung.se"),
]


class TestNameKey:
    @pytest.mark.parametrize(("first", "last", "other", "another"), NAMES)
    def test_is_one_for_spellings_of_a_name(self, first, last, other, another):
        assert likeness.name_key(first, last) == likeness.name_key(other, another)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("Vera", "Ek"), ("Vera", "Eek")),
            (("Anna", "Berg"), ("Annab", "Erg")),
            (("", "Ek"), ("", "Ek")),
            (("-", "Ek"), ("-", "Ek")),
        ],
    )
    def test_is_another_for_other_names_and_none_for_half_a_name(self, one, other):
        key = likeness.name_key(*one)
        assert not key or key != likeness.name_key(*other)

    @given(first=st.text(max_size=20), last=st.text(max_size=20))
    def test_does_not_care_which_name_is_first(self, first, last):
        key = likeness.name_key(first, last)

        assert key == likeness.name_key(last, first)
        assert likeness.fold(likeness.fold(first)) == likeness.fold(first)


@pytest.mark.django_db
class TestTheDatabasesNormalForms:
    """The indexes are built by twins of the rules, and must find what these find."""

    def ask(self, call, *values):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {call}", values)
            return cursor.fetchone()[0]

    @pytest.mark.parametrize(
        ("first", "last"), [pair for name in NAMES for pair in (name[:2], name[2:])]
    )
    def test_fold_names_alike(self, first, last):
        key = self.ask("members_name_key(%s, %s)", first, last)

        assert key == likeness.name_key(first, last)

    @pytest.mark.parametrize("email", [each for pair in MAILBOXES for each in pair])
    def test_read_addresses_alike(self, email):
        name = self.ask("members_mail_name(%s)", email)
        domain = self.ask("members_mail_domain(%s)", email)

        assert name == likeness.mail_name(email)
        assert domain == likeness.mailbox(email).partition("@")[2]


class TestMailbox:
    @pytest.mark.parametrize(("one", "other"), MAILBOXES)
    def test_is_one_for_what_an_owner_may_add(self, one, other):
        assert likeness.mailbox(one) == likeness.mailbox(other)

    def test_keeps_the_dots_where_they_matter(self):
        assert likeness.mailbox("a.b@ljung.se") != likeness.mailbox("ab@ljung.se")

    @given(email=st.emails())
    def test_of_a_mailbox_is_itself(self, email):
        once = likeness.mailbox(email)
        # What begins with a plus is left whole, and so has a plus.
        if not once.startswith("+"):
            assert likeness.mailbox(once) == once


class TestNumberAbroad:
    def test_sees_the_same_digits_with_another_countrys_code(self):
        assert likeness.is_number_abroad("+4541234567", "+4741234567")

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("+4541234567", "+4541234567"),
            ("+46701234567", "+4701234567"),
            ("+4541234567", "+46741234567"),
            ("", "+4541234567"),
        ],
    )
    def test_sees_it_nowhere_else(self, one, other):
        assert not likeness.is_number_abroad(one, other)


class TestCompare:
    def other(self, **fields):
        """Vera again, with nothing alike but what is given."""
        return Profile(**({"phone": "+46701740002"} | fields))

    @pytest.mark.parametrize(
        ("fields", "found"),
        [
            (
                {"first_name": "VERA", "last_name": "Lindqvist", "birthday_on": BORN}
                | {"postcode": "75310"},
                Likeness.NAME_BIRTHDAY_POSTCODE,
            ),
            (
                {"first_name": "Lindqvist", "last_name": "Vera", "birthday_on": BORN},
                Likeness.NAME_BIRTHDAY,
            ),
            (
                {"emails": frozenset({"vera.lindqvist+2@example.se"})},
                Likeness.MAILBOX,
            ),
            ({"former": frozenset({"+46701740001"})}, Likeness.FORMER_CONTACT),
        ],
    )
    def test_finds_what_is_worth_a_look(self, fields, found):
        verdict = compare(VERA, self.other(**fields))

        assert verdict.likenesses == (found,)
        assert verdict.score == likeness.WEIGHTS[found]
        assert verdict.is_worth_a_look

    def test_takes_a_name_and_a_postcode_for_too_little(self):
        other = self.other(first_name="Vera", last_name="Lindqvist", postcode="75310")

        verdict = compare(VERA, other)

        assert verdict.likenesses == (Likeness.NAME_POSTCODE,)
        assert not verdict.is_worth_a_look

    def test_takes_it_for_enough_when_the_addresses_begin_alike(self):
        other = self.other(
            first_name="Vera",
            last_name="Lindqvist",
            postcode="75310",
            emails=frozenset({"veralindqvist@gmail.com"}),
        )

        verdict = compare(VERA, other)

        assert verdict.likenesses == (Likeness.NAME_POSTCODE, Likeness.MAIL_NAME)
        assert verdict.is_worth_a_look

    def test_leaves_father_and_son_alone(self):
        other = self.other(
            first_name="Vera",
            last_name="Lindqvist",
            postcode="75310",
            birthday_on=date(2004, 1, 1),
            emails=frozenset({"vera.lindqvist+son@example.se"}),
        )

        assert not compare(VERA, other).is_worth_a_look

    def test_leaves_who_got_an_old_number_alone(self):
        other = self.other(
            first_name="Olle",
            last_name="Ek",
            former=frozenset({"+46701740001"}),
        )

        assert not compare(VERA, other).is_worth_a_look

    def test_finds_nothing_in_what_is_empty(self):
        assert compare(Profile(), Profile()).likenesses == ()
        assert compare(Profile(), Profile()).score == 0

    @given(
        found=st.sets(st.sampled_from(Likeness)),
        more=st.sampled_from(Likeness),
    )
    def test_is_surer_with_each_likeness_and_never_sure(self, found, more):
        score = likeness.score_of(found)

        assert score <= likeness.score_of(found | {more}) <= 99

    @pytest.mark.parametrize("one", [VERA, Profile(), Profile(first_name="Vera")])
    def test_does_not_care_who_is_first(self, one):
        assert compare(one, VERA) == compare(VERA, one)


class TestNews:
    @pytest.mark.parametrize(
        ("known", "found", "is_news"),
        [
            (["NAME_BIRTHDAY"], ["NAME_BIRTHDAY"], False),
            (["NAME_BIRTHDAY_POSTCODE"], ["NAME_BIRTHDAY"], False),
            (["NAME_BIRTHDAY"], ["NAME_BIRTHDAY_POSTCODE"], True),
            (["MAILBOX", "NAME"], ["MAILBOX"], False),
            (["NAME_BIRTHDAY"], ["NAME_BIRTHDAY", "MAILBOX"], True),
            (["OF_A_LATER_VERSION"], ["MAILBOX"], True),
        ],
    )
    def test_is_what_nobody_knew_when_they_decided(self, known, found, is_news):
        assert likeness.has_news(known, found) is is_news


class TestWords:
    @translation.override("en")
    def test_say_every_likeness(self):
        assert [code for code, _words in likeness.choices()] == list(Likeness)
        assert likeness.words("MAILBOX").startswith("The same mailbox")
        assert likeness.words("OF_A_LATER_VERSION") == "OF_A_LATER_VERSION"
