from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members import search
from members.models import Member
from tests.factories.members import REGISTERED_AT, MemberFactory


@pytest.fixture
def found(programme):
    """Search, and name those who were found."""

    def find(typed, **given):
        matches = search.find(typed, programme=programme, **given)
        if matches is None:
            return None
        members = Member.objects.filter(pk__in=matches.ids)
        return {f"{member.first_name} {member.last_name}" for member in members}

    return find


@pytest.fixture
def people(programme):
    for first, last, email, phone, number in (
        ("Anna Maria", "Svensson", "ams@example.se", "+46701111111", "881111111118"),
        (
            "Eva-Lena",
            "von Essen",
            "eva.lena@example.se",
            "+46702222222",
            "882222222226",
        ),
        ("Åke", "O'Brien", "obrien@example.dk", "+4520333333", "883333333334"),
        ("Lars", "d’Arc", "lars_arc@example.se", "+46704444444", "884444444442"),
    ):
        MemberFactory(
            programme=programme,
            first_name=first,
            last_name=last,
            email=email,
            phone=phone,
            number=number,
        )


ANNA, EVA, AKE, LARS = (
    "Anna Maria Svensson",
    "Eva-Lena von Essen",
    "Åke O'Brien",
    "Lars d’Arc",
)


class TestFind:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("anna", {ANNA}),
            ("ANNA", {ANNA}),
            ("maria", {ANNA}),
            ("sv", {ANNA}),
            ("anna sv", {ANNA}),
            ("sv anna", {ANNA}),
            ("anna maria svensson", {ANNA}),
            ("anna essen", set()),
            ("nna", set()),
            ("von", {EVA}),
            ("essen", {EVA}),
            ("von essen", {EVA}),
            ("lena", {EVA}),
            ("eva-lena", {EVA}),
            ("eva-l", {EVA}),
            ("åk", {AKE}),
            ("ÅKE", {AKE}),
            ("o'brien", {AKE}),
            ("brien", {AKE}),
            ("arc", {LARS}),
            ("d'arc", {LARS}),
            ("d’arc", {LARS}),
            ("eva.lena@", {EVA}),
            ("ams@example.se", {ANNA}),
            ("lars_arc", {LARS}),
            ("larsXarc", set()),
            ("l a", {LARS}),
            ("example", set()),
        ],
    )
    def test_finds_by_the_beginning_of_any_name_or_address(
        self, people, found, typed, expected
    ):
        assert found(typed) == expected

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("0701111111", {ANNA}),
            ("070 111 11 11", {ANNA}),
            ("070-111 11 11", {ANNA}),
            ("0701", {ANNA}),
            ("070", {ANNA, EVA, LARS}),
            ("+46 70", {ANNA, EVA, LARS}),
            ("+46 (0)70 1", {ANNA}),
            ("0046 70 1", {ANNA}),
            ("46701", {ANNA}),
            ("701", {ANNA}),
            ("1111", {ANNA}),
            ("20 33", {AKE}),
            ("+45 20", {AKE}),
            ("3333", {AKE}),
            ("8822 2222 2226", {EVA}),
            ("8822", {EVA}),
            ("2226", {EVA}),
            ("88", {ANNA, EVA, AKE, LARS}),
            ("5555", set()),
            ("anna 070", {ANNA}),
            ("anna 2226", set()),
            ("070 1 anna", {ANNA}),
        ],
    )
    def test_finds_by_the_ends_of_a_number(self, people, found, typed, expected):
        assert found(typed) == expected

    @pytest.mark.parametrize("typed", ["", "   ", "\x00"])
    def test_says_when_there_is_nothing_to_look_for(self, people, found, typed):
        assert found(typed) is None

    @pytest.mark.parametrize("typed", ["%", "_", "'", "\\", "&", "a:*", "!", "☃", "()"])
    def test_takes_signs_of_the_database_for_letters(self, people, found, typed):
        found(typed)

        assert found(f"am%{typed}") == set()

    @given(st.text(max_size=120))
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_never_crashes(self, people, found, typed):
        found(typed)

    def test_finds_nobody_of_another_programme(self, found):
        MemberFactory(first_name="Anna")

        assert found("anna") == set()

    def test_looks_among_the_status_and_store_asked_for(
        self, found, programme, store, other_store
    ):
        MemberFactory(programme=programme, last_name="One", home_store=store)
        MemberFactory(programme=programme, last_name="Two", home_store=other_store)
        MemberFactory(programme=programme, last_name="Three", left=True)

        assert found("vera", home_store_id=store.pk) == {"Vera One"}
        assert found("v", home_store_id=store.pk) == {"Vera One"}
        assert found("vera", status="LEFT") == {"Vera Three"}

    def test_shows_the_newest_of_many(self, programme, monkeypatch):
        monkeypatch.setattr(search, "MOST", 3)
        for day in range(6):
            MemberFactory(
                programme=programme,
                first_name="Anna",
                last_name=f"Nr{day}",
                registered_at=REGISTERED_AT + timedelta(days=day),
            )

        matches = search.find("anna", programme=programme)

        names = Member.objects.in_bulk(matches.ids)
        assert matches.is_capped
        assert [names[pk].last_name for pk in matches.ids] == ["Nr5", "Nr4", "Nr3"]

    def test_counts_exactly_as_many_as_the_cap_without_capping(
        self, programme, monkeypatch
    ):
        monkeypatch.setattr(search, "MOST", 3)
        for _each in range(3):
            # Fits by name and by address: still three.
            MemberFactory(programme=programme, first_name="Member")

        matches = search.find("member", programme=programme)

        assert len(matches.ids) == 3
        assert not matches.is_capped

    def test_follows_a_change_of_name(self, people, found, programme, now):
        Member.objects.filter(first_name="Lars").update(last_name="Quist")

        assert found("quist") == {"Lars Quist"}
        assert found("arc") == set()


class TestPlans:
    TYPED = (
        "a",
        "an",
        "anna",
        "anna sv",
        "von essen",
        "l b",
        "zz",
        "070",
        "12",
        "1234",
        "anna 070",
        "karin.12",
    )

    def test_read_indexes_only_and_pass_by_few_members(self, crowd, programme):
        """In one test: writing the crowd takes ten times as long as both."""
        self.read_indexes_only(programme)
        self.pass_by_few_members_with_one_word(programme)

    def read_indexes_only(self, programme):
        with CaptureQueriesContext(connection) as captured:
            for typed in self.TYPED:
                search.find(typed, programme=programme)
                search.find(typed, programme=programme, status="BLOCKED")
        plans = [
            (query["sql"], self.plan_of(query["sql"]))
            for query in captured
            if query["sql"].lstrip().startswith("SELECT m.id")
        ]

        assert len(plans) >= 2 * len(self.TYPED)
        for sql, plan in plans:
            assert "Seq Scan" not in plan, f"{sql}\n{plan}"

    def pass_by_few_members_with_one_word(self, programme):
        """Rows touched, not milliseconds, which depend on who else is computing."""
        for word in ("a", "an", "anna", "zz", "070", "12", "1234"):
            with CaptureQueriesContext(connection) as captured:
                search.find(word, programme=programme)
            for query in captured:
                if not query["sql"].lstrip().startswith("SELECT m.id"):
                    continue
                plan = self.plan_of(query["sql"], analyze=True)
                assert self.rows_removed(plan) <= search.WINDOW, plan

    @staticmethod
    def plan_of(sql, *, analyze=False):
        how = "ANALYZE, COSTS OFF, TIMING OFF" if analyze else "COSTS OFF"
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN ({how}) {sql}")
            lines = [row[0] for row in cursor.fetchall()]
            cursor.execute("SET LOCAL enable_seqscan = DEFAULT")
        return "\n".join(lines)

    @staticmethod
    def rows_removed(plan):
        marks = ("Rows Removed by Filter: ", "Rows Removed by Index Recheck: ")
        return sum(
            int(line.split(mark)[1])
            for line in plan.splitlines()
            for mark in marks
            if mark in line
        )
