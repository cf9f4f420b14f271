"""The log of breaches and its clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from consent.breaches import rules, services
from consent.breaches.rules import Decided, Lack, clock_of, lacks
from consent.models import Breach, BreachEntry
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.stores import ProgrammeFactory, StaffFactory

AWARE = datetime(2026, 1, 20, 9, 0, tzinfo=UTC)
DUE = AWARE + timedelta(hours=72)


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def dpo(programme):
    return StaffFactory(
        programme=programme, name="Dag Lund", role=Role.DATA_PROTECTION_OFFICER
    )


@pytest.fixture
def breach(programme, dpo):
    return services.open_breach(
        programme=programme,
        staff=dpo,
        fields={"title": "Lista skickad fel", "aware_at": AWARE},
        note="Upptäckt av kundtjänst.",
        now=AWARE + timedelta(hours=1),
    )


def change(breach, dpo, now, **fields):
    return services.change_breach(breach=breach, staff=dpo, fields=fields, now=now)


def typed(**changes):
    """Return what the form sends, with times as a browser's picker writes them."""
    return {
        "title": "Lista skickad fel",
        "aware_at": "2026-01-20T10:00",
        "risk": "UNKNOWN",
        **changes,
    }


class TestLacks:
    @pytest.mark.parametrize(
        ("risk", "grounds", "authority", "members", "found"),
        [
            ("UNKNOWN", "", None, None, [Lack.RISK]),
            ("NONE", "", None, None, [Lack.GROUNDS]),
            ("NONE", "Krypterad.", None, None, []),
            ("RISK", "", None, None, [Lack.AUTHORITY]),
            ("RISK", "", DUE, None, []),
            ("RISK", "", DUE + timedelta(hours=1), None, [Lack.WHY_LATE]),
            ("RISK", "Helg.", DUE + timedelta(hours=1), None, []),
            ("HIGH", "", None, None, [Lack.AUTHORITY, Lack.MEMBERS]),
            ("HIGH", "", DUE, None, [Lack.MEMBERS]),
            ("HIGH", "", DUE, DUE, []),
        ],
    )
    def test_names_what_is_to_be_done(self, risk, grounds, authority, members, found):
        assert lacks(Decided(risk, grounds, DUE, authority, members)) == found


class TestClockOf:
    @staticmethod
    def clock(now, *, told=None, is_harmless=False, closed=None):
        return clock_of(
            due_at=DUE,
            authority_told_at=told,
            is_harmless=is_harmless,
            closed_at=closed,
            now=now,
        )

    def test_runs_from_when_we_became_aware(self):
        clock = self.clock(AWARE + timedelta(hours=2))

        assert (clock.hours, clock.is_near, clock.is_over) == (70, False, False)

    def test_is_near_on_the_last_day_and_over_after_it(self):
        assert self.clock(DUE - timedelta(hours=23)).is_near
        assert self.clock(DUE + timedelta(seconds=1)).is_over

    def test_stops_when_the_authority_is_told_or_need_not_be(self):
        late = DUE + timedelta(days=9)

        assert not self.clock(late, told=DUE).is_over
        assert not self.clock(late, is_harmless=True).is_over
        assert self.clock(late, told=DUE - timedelta(hours=5)).hours == 5


class TestOpenBreach:
    def test_sets_the_clock_and_begins_the_log(self, breach, dpo):
        assert breach.due_at == DUE
        entry = BreachEntry.objects.get()
        assert (entry.staff, entry.note) == (dpo, "Upptäckt av kundtjänst.")
        assert entry.changes["title"] == "Lista skickad fel"
        written = AuditEntry.objects.get(action="breach.opened")
        assert written.subject == f"breach:{breach.public_id}"

    def test_follows_the_hours_that_are_set(self, programme, dpo, settings):
        settings.BREACH_DEADLINE_HOURS = 96
        breach = services.open_breach(
            programme=programme,
            staff=dpo,
            fields={"title": "Ny lag", "aware_at": AWARE},
            now=AWARE,
        )

        assert breach.due_at == AWARE + timedelta(hours=96)


class TestChangeBreach:
    def test_writes_only_what_changed(self, breach, dpo, now):
        change(breach, dpo, now, title="Lista skickad fel", members_touched=40)

        assert BreachEntry.objects.latest("pk").changes == {"members_touched": 40}

    def test_writes_nothing_where_nothing_changed(self, breach, dpo, now):
        change(breach, dpo, now, title="Lista skickad fel")

        assert BreachEntry.objects.count() == 1

    def test_moves_the_clock_with_when_we_became_aware(self, breach, dpo, now):
        changed = change(breach, dpo, now, aware_at=AWARE - timedelta(hours=5))

        assert changed.due_at == DUE - timedelta(hours=5)

    def test_refuses_what_is_closed(self, breach, dpo, now):
        change(breach, dpo, now, risk="NONE", grounds="Krypterad.")
        services.close_breach(breach=breach, staff=dpo, now=now)

        with pytest.raises(services.BreachClosed):
            change(breach, dpo, now, risk="HIGH")


class TestTheLog:
    def test_cannot_be_changed_or_deleted(self, breach):
        for act in (
            lambda: BreachEntry.objects.update(note="Ingenting hände."),
            lambda: BreachEntry.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()


class TestCloseBreach:
    def test_says_what_is_lacking(self, breach, dpo, now):
        with pytest.raises(services.NotDecided) as refused:
            services.close_breach(breach=breach, staff=dpo, now=now)

        assert refused.value.lacks == [rules.Lack.RISK]

    @pytest.mark.parametrize("risk", ["UNKNOWN", "NONE", "RISK", "HIGH"])
    def test_is_refused_by_the_database_too(self, breach, risk, now):
        with pytest.raises(IntegrityError), transaction.atomic():
            Breach.objects.update(risk=risk, closed_at=now)

    def test_can_be_undone_with_the_reason_in_the_log(self, breach, dpo, now):
        change(breach, dpo, now, risk="NONE", grounds="Krypterad.")
        services.close_breach(breach=breach, staff=dpo, now=now)
        services.reopen_breach(
            breach=breach, staff=dpo, note="Den var inte krypterad.", now=now
        )

        assert Breach.objects.get().closed_at is None
        assert [entry.note for entry in BreachEntry.objects.order_by("pk")][-1] == (
            "Den var inte krypterad."
        )


class TestThePages:
    def test_write_down_a_breach(self, desk_client, dpo):
        answered = desk_client(dpo).post(
            reverse("privacy:breach-add"), typed(note="Ett mejl till fel lista.")
        )

        breach = Breach.objects.get()
        assert answered.url == reverse("privacy:breach-detail", args=[breach.public_id])
        # Typed in the club's zone.
        assert breach.aware_at == AWARE

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"title": ""}, "required"),
            ({"aware_at": "2099-01-01T10:00"}, "has not been yet"),
            ({"happened_at": "2026-01-21T10:00"}, "after we became aware"),
            ({"description": "Rör 19850101-1236"}, "personal identity number"),
        ],
    )
    def test_refuse_what_cannot_be(self, desk_client, dpo, changes, said):
        page = desk_client(dpo).post(reverse("privacy:breach-add"), typed(**changes))

        assert page.status_code == 422
        assert said in page.content.decode()
        assert not Breach.objects.exists()

    def test_change_keeps_seconds_that_nobody_touched(self, desk_client, dpo, breach):
        client = desk_client(dpo)
        url = reverse("privacy:breach-edit", args=[breach.public_id])
        client.post(url, typed(members_touched="12"))

        assert BreachEntry.objects.latest("pk").changes == {"members_touched": 12}

    def test_say_in_words_why_it_cannot_be_closed(self, desk_client, dpo, breach):
        client = desk_client(dpo)
        page = client.get(reverse("privacy:breach-detail", args=[breach.public_id]))

        assert "Judge the risk first." in page.content.decode()
        client.post(reverse("privacy:breach-close", args=[breach.public_id]))
        assert Breach.objects.get().closed_at is None

    def test_close_and_open_again(self, desk_client, dpo, breach, now):
        change(breach, dpo, now, risk="NONE", grounds="Krypterad.")
        client = desk_client(dpo)
        client.post(reverse("privacy:breach-close", args=[breach.public_id]))
        assert Breach.objects.get().closed_at is not None

        client.post(
            reverse("privacy:breach-reopen", args=[breach.public_id]),
            {"note": "Nytt är känt."},
        )
        assert Breach.objects.get().closed_at is None

    def test_report_what_the_authority_asks_for(self, desk_client, dpo, breach, now):
        change(
            breach,
            dpo,
            now,
            members_touched=1240,
            data_touched="Namn, mobilnummer",
            consequences="Bedrägeriförsök",
            measures="Listan är raderad",
            grounds="Upptäcktes på en helg",
            authority_told_at=DUE + timedelta(hours=3),
        )
        page = desk_client(dpo).get(
            reverse("privacy:breach-report", args=[breach.public_id])
        )

        text = page.content.decode()
        for part in ("Namn, mobilnummer", "Bedrägeriförsök", "Listan är raderad"):
            assert part in text
        assert "Upptäcktes på en helg" in text
        assert dpo.email in text
        assert AuditEntry.objects.filter(action="breach.exported").count() == 1

    def test_know_no_breach_of_another_club(self, desk_client, dpo, breach):
        Breach.objects.update(programme=ProgrammeFactory(name="Andra"))

        for name in ("breach-detail", "breach-edit", "breach-report"):
            url = reverse(f"privacy:{name}", args=[breach.public_id])
            assert desk_client(dpo).get(url).status_code == 404

    def test_list_them_with_as_many_queries_for_more(
        self, desk_client, dpo, breach, programme, now, django_assert_max_num_queries
    ):
        for number in range(20):
            services.open_breach(
                programme=programme,
                staff=dpo,
                fields={"title": f"Nr {number}", "aware_at": now},
                now=now,
            )
        client = desk_client(dpo)

        with django_assert_max_num_queries(10):
            page = client.get(reverse("privacy:breach-list"))
        assert "too late" in page.content.decode()
