"""A club that moves takes its members' points along."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrolment.importing import applying, checking, files, services, work, writing
from enrolment.importing.columns import Column, guess
from enrolment.importing.models import ClubImport, ImportRow
from enrolment.importing.values import MOST_POINTS, read_points
from members.merging import merge_members
from members.models import Event, Member
from members.services import register_member
from messaging.models import Message
from points import proof, reading
from points.models import Account, Entry, Lot
from points.services import post, reverse
from points.terms import Terms, VoucherMode, Vouchers
from stores.models import AuditEntry
from tests.factories.importing import NOW, apply, check, codes, receive, run, text
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

State = ClubImport.State
HEADINGS = "Mobilnummer;Förnamn;Poängsaldo;Poäng giltiga till"
WITHOUT_POINTS = (Column.PHONE, Column.FIRST_NAME, Column.IGNORE, Column.IGNORE)
LIST = "/members/import/"


@pytest.fixture
def rule(programme):
    return EarningRuleFactory(programme=programme, published=True)


@pytest.fixture
def desk(desk_client, olga):
    client = desk_client(olga)
    client.cookies["language"] = "en"
    return client


def row(number, points="", until="", name="Anna"):
    """Return a line of the file of the member with a number, such as 1."""
    return f"07017410{number:02d};{name};{points};{until}"


def take(programme, *rows, now=NOW, headings=HEADINGS, **answers):
    """Receive, check and import rows."""
    club_import = receive(programme, text(*rows, headings=headings), now=now)
    check(club_import, now=now, **answers)
    return apply(club_import, now=now)


def dry_run(programme, *rows, headings=HEADINGS, **answers):
    return check(receive(programme, text(*rows, headings=headings)), **answers)


def balances():
    """Return what each member has, by the last digits of the number."""
    found = Account.objects.values_list("member__phone", "balance")
    return {int(phone[-2:]): balance for phone, balance in found}


def is_proven():
    return not proof.check().differences


class TestColumns:
    @pytest.mark.parametrize(
        ("heading", "column"),
        [
            ("Poäng", Column.POINTS),
            ("Poängsaldo", Column.POINTS),
            ("Medlemspoäng", Column.POINTS),
            ("Point", Column.POINTS),
            ("Pointsaldo", Column.POINTS),
            ("Points", Column.POINTS),
            ("Points balance", Column.POINTS),
            ("Balance", Column.POINTS),
            ("Saldo", Column.POINTS),
            ("Poäng giltiga t.o.m.", Column.POINTS_UNTIL),
            ("Poängen förfaller", Column.POINTS_UNTIL),
            ("Point udløber", Column.POINTS_UNTIL),
            ("Point gælder til", Column.POINTS_UNTIL),
            ("Udløbsdato for point", Column.POINTS_UNTIL),
            ("Points expire on", Column.POINTS_UNTIL),
            ("Points valid until", Column.POINTS_UNTIL),
            # What was once earned or is used up is nobody's to use.
            ("Intjänade poäng", Column.IGNORE),
            ("Använda poäng", Column.IGNORE),
            ("Optjente point", Column.IGNORE),
            ("Points earned", Column.IGNORE),
            ("Total points", Column.IGNORE),
            ("Utgångna poäng", Column.IGNORE),
            # And kronor are no points.
            ("Bonus (kr)", Column.IGNORE),
            ("Presentkort saldo", Column.IGNORE),
            ("Bonusnivå", Column.IGNORE),
        ],
    )
    def test_are_known_by_their_headings(self, heading, column):
        assert guess([heading], [["500"]]) == [column]


class TestReadPoints:
    @pytest.mark.parametrize(
        ("typed", "points"),
        [
            ("", 0),
            (" ", 0),
            ("0", 0),
            ("0.000", 0),
            ("1250", 1250),
            ("1 250", 1250),
            ("1\N{NO-BREAK SPACE}250", 1250),
            ("1'250", 1250),
            ("1250,00", 1250),
            ("1250.0", 1250),
            ("1.250,00", 1250),
            ("1,250.00", 1250),
            ("500 p", 500),
            ("500 poäng", 500),
            ("1.000.000", 1_000_000),
        ],
    )
    def test_reads_whole_numbers_as_old_systems_write_them(self, typed, points):
        assert read_points(typed) == (points, "")

    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            ("12,5", "points_not_whole"),
            ("12 50", "points_not_whole"),
            ("1.000,5", "points_not_whole"),
            ("många", "points_unreadable"),
            ("1e6", "points_unreadable"),
            ("NULL", "points_unreadable"),
            ("-", "points_unreadable"),
            # A thousand and some in Danish, one and some in English.
            ("1.250", "points_unclear"),
            ("1,250", "points_unclear"),
            ("-50", "points_negative"),
            ("\N{MINUS SIGN}50", "points_negative"),
            (str(MOST_POINTS + 1), "points_too_many"),
            ("9" * 5000, "points_too_many"),
        ],
    )
    def test_guesses_nothing(self, typed, code):
        assert read_points(typed) == (0, code)


class TestCheck:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row(2, "12,5"), "points_not_whole"),
            (row(2, "många"), "points_unreadable"),
            (row(2, "1.250"), "points_unclear"),
            (row(2, "-50"), "points_negative"),
            (row(2, "46701741002"), "points_too_many"),
            (row(2, "500", "snart"), "points_day_unreadable"),
        ],
    )
    def test_refuses_a_row_and_says_why(self, programme, rule, line, code):
        club_import = dry_run(programme, row(1, "800"), line)

        assert codes(club_import) == {3: [code]}
        assert club_import.report["outcomes"] == {"NEW": 1, "REFUSED": 1}
        assert club_import.report["points"]["points"] == 800
        # As it came, to be put right and uploaded again.
        assert ImportRow.objects.get(row=3).raw == line.split(";")

    def test_leaves_points_out_that_have_lapsed(self, programme, rule):
        """It is 2 November: what lasted to the end of October is gone."""
        club_import = dry_run(
            programme,
            row(1, "800", "2026-10-31"),
            row(2, "70", "2026-11-02"),
            row(3, "0", "2026-10-31"),
        )

        assert codes(club_import) == {2: ["points_lapsed"]}
        assert club_import.report["outcomes"] == {"NEW": 3}
        assert club_import.report["points"]["points"] == 70

    def test_tells_what_the_club_will_owe(self, programme, rule):
        MemberFactory(programme=programme, phone="+46701741003")

        club_import = dry_run(
            programme,
            row(1, "1 250"),
            row(2, "300", "2027-06-30"),
            row(3, "500"),
            row(4),
            row(5, "0"),
            row(6, "-1"),
        )

        # A point is worth 10 öre, and 500 of them are a voucher.
        assert club_import.report["points"] == {
            "members": 3,
            "points": 2050,
            "most": 1250,
            "dated": 1,
            "enough": 2,
            "brought": 0,
            "worth": ["205.0000", "205.0000"],
            "version": rule.version,
        }
        assert Entry.objects.count() == 0

    def test_says_nothing_of_points_where_no_column_holds_them(self, programme, rule):
        club_import = dry_run(programme, row(1, "800"), columns=WITHOUT_POINTS)

        assert club_import.report["outcomes"] == {"NEW": 1}
        assert "points" not in club_import.report
        assert ImportRow.objects.get().points is None

    def test_does_not_begin_without_a_version(self, programme):
        EarningRuleFactory(programme=programme)
        club_import = receive(programme, text(row(1, "800"), headings=HEADINGS))

        with pytest.raises(services.NoVersion):
            check(club_import)

        check(club_import, columns=WITHOUT_POINTS)
        assert club_import.state == State.CHECKED

    def test_reads_no_ledger_for_a_file_without_points(self, programme, rule):
        MemberFactory(programme=programme, phone="+46701741001")
        content = text(row(1, "800"), row(2, "35"), headings=HEADINGS)
        club_import = receive(programme, content)

        with CaptureQueriesContext(connection) as asked:
            check(club_import, columns=WITHOUT_POINTS)
            apply(club_import)

        assert club_import.report["applied"]["outcomes"] == {"SAME": 1, "NEW": 1}
        ledger = re.compile("points_(account|entry|lot|earningrule|open|rule)")
        assert not [each for each in asked if ledger.search(each["sql"])]


class TestApply:
    def test_gives_each_member_what_they_bring(self, programme, rule):
        club_import = take(programme, row(1, "800"), row(2, "35"), row(3))

        assert balances() == {1: 800, 2: 35}
        entry = Entry.objects.get(member__phone="+46701741001")
        assert (entry.kind, entry.points, entry.key) == ("IMPORT", 800, "import")
        assert (entry.at, entry.posted_at) == (NOW, NOW)
        assert entry.source_id == club_import.public_id
        assert entry.rule_id == rule.pk
        assert Event.objects.filter(kind="points.brought").count() == 2
        assert Message.objects.count() == 0
        assert club_import.report["applied"]["points"]["points"] == 835
        call_command("verify_ledger")

    def test_makes_them_last_as_the_file_says_or_else_the_programme(
        self, programme, rule
    ):
        take(
            programme,
            row(1, "800", "2027-06-30"),
            row(2, "35"),
            row(3, "35", "9999-12-31"),
        )

        def ends(number):
            return Lot.objects.get(member__phone=f"+467017410{number:02d}").expires_at

        # Through the day itself, on the club's clock; two years, when the month ends.
        assert ends(1) == datetime(2027, 6, 30, 22, 0, tzinfo=UTC)
        assert ends(2) == datetime(2028, 11, 30, 23, 0, tzinfo=UTC)
        assert ends(3) is None

    def test_makes_all_of_an_import_last_alike(self, programme, rule, monkeypatch):
        """The month ends between two batches; it began in November for all."""
        monkeypatch.setattr(checking, "BATCH", 1)
        began = datetime(2026, 11, 30, 22, 59, tzinfo=UTC)
        club_import = dry_run(programme, row(1, "800"), row(2, "800"))
        services.start(club_import=club_import, staff=None, now=began)
        applying.apply_next(club_import := ClubImport.objects.get(), now=began)
        run(club_import, now=began + timedelta(minutes=2))

        assert Lot.objects.values("expires_at").distinct().count() == 1
        assert Entry.objects.values("at").distinct().count() == 2

    def test_adds_to_what_a_member_has(self, programme, rule):
        member = MemberFactory(programme=programme, phone="+46701741001")
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=100,
            key="purchase",
            at=NOW,
            now=NOW,
        )

        club_import = take(programme, row(1, "800", name=member.first_name))

        assert club_import.report["applied"]["outcomes"] == {"CHANGED": 1}
        assert balances() == {1: 900}
        assert is_proven()

    def test_pays_a_debt_first(self, programme, rule):
        """The member used 200 points and brought back what had given them."""
        member = MemberFactory(programme=programme, phone="+46701741001")
        moment = {"at": NOW, "now": NOW, "member_id": member.pk}
        earned = post(kind=Entry.Kind.EARN, points=200, key="a", **moment).entry_id
        post(kind=Entry.Kind.SPEND, points=-200, key="b", **moment)
        reverse(points=200, key="c", reverses_id=earned, **moment)

        take(programme, row(1, "800"))

        account = Account.objects.get()
        assert (account.balance, account.owed) == (600, 0)
        assert Lot.objects.get(entry__kind="IMPORT").remaining == 600
        assert is_proven()

    def test_makes_who_waits_a_member_with_points(self, programme, rule):
        member = MemberFactory(programme=programme, pending=True, phone="+46701741001")

        take(programme, row(1, "800"))

        member.refresh_from_db()
        assert member.status == Member.Status.ACTIVE
        assert balances() == {1: 800}

    def test_of_the_same_file_again_doubles_nothing(self, programme, rule):
        rows = row(1, "800"), row(2, "35", "2027-06-30")
        take(programme, *rows)

        again = take(programme, *rows)

        assert balances() == {1: 800, 2: 35}
        assert again.report["applied"]["outcomes"] == {"SAME": 2}
        assert again.report["applied"]["points"]["brought"] == 2
        assert again.report["applied"]["points"]["points"] == 0
        # Nothing to look at: it is what they brought.
        assert again.report["applied"]["codes"] == {}
        assert is_proven()

    def test_of_another_balance_gives_nothing_more_and_says_so(self, programme, rule):
        take(programme, row(1, "800"))

        club_import = dry_run(programme, row(1, "950"), row(2, "35"))

        assert codes(club_import) == {2: ["points_brought"]}
        apply(club_import)
        assert balances() == {1: 800, 2: 35}

    def test_gives_those_theirs_whose_points_come_later(self, programme, rule):
        """The members first, the points when the old club has closed its books."""
        take(programme, row(1, "800"), columns=WITHOUT_POINTS)
        assert balances() == {}

        club_import = take(programme, row(1, "800"))

        assert club_import.report["outcomes"] == {"CHANGED": 1}
        assert balances() == {1: 800}

    def test_gives_a_merged_membership_nothing_twice(self, programme, rule):
        take(programme, row(1, "800"), is_proven=True)
        double = Member.objects.get()
        kept = MemberFactory(programme=programme, phone="+46701741009")
        merge_members(kept=kept, merged=double, staff=None, now=NOW)

        club_import = take(programme, row(1, "800"))

        assert club_import.report["applied"]["points"]["brought"] == 1
        assert Account.objects.get(member=kept).balance == 800
        assert is_proven()

    def test_recognises_whom_a_till_registered_meanwhile(self, programme, rule):
        club_import = dry_run(programme, row(1, "800"), row(2, "35"))
        register_member(
            programme=programme,
            phone="+46701741001",
            source=Member.Source.TILL,
            language="sv",
            now=NOW,
        )

        apply(club_import)

        assert balances() == {1: 800, 2: 35}
        assert is_proven()

    def test_of_one_file_uploaded_by_two_gives_it_once(self, programme, rule):
        """Both dry runs were over before either was imported."""
        rows = row(1, "800"), row(2, "35")
        MemberFactory(programme=programme, phone="+46701741002", first_name="Anna")
        first, second = dry_run(programme, *rows), dry_run(programme, *rows)

        apply(first)
        apply(second)

        assert balances() == {1: 800, 2: 35}
        assert second.report["applied"]["points"]["points"] == 0
        assert second.report["applied"]["points"]["brought"] == 2
        assert is_proven()

    def test_is_on_the_trail_with_what_is_taken_over(self, programme, rule, olga):
        club_import = dry_run(programme, row(1, "800"), row(2, "35"))

        services.start(club_import=club_import, staff=olga, now=NOW)

        entry = AuditEntry.objects.get(action="import.started")
        assert entry.data == {"rows": 2, "points": 835}

    def test_does_the_same_where_triggers_cannot_rest(
        self, programme, rule, monkeypatch
    ):
        monkeypatch.setattr("common.copying.MAY_SKIP", "SELECT false")

        take(programme, row(1, "800"))

        assert balances() == {1: 800}
        assert is_proven()

    def test_asks_as_much_for_many_rows_as_for_one(self, programme, rule):
        def asked(*rows):
            club_import = dry_run(programme, *rows)
            with CaptureQueriesContext(connection) as queries:
                apply(club_import)
            return len(queries)

        few = asked(row(1, "800"))
        many = asked(*(row(number, "800") for number in range(10, 60)))

        assert few == many


@pytest.mark.django_db(transaction=True)
class TestBrokenOff:
    def test_goes_on_without_doubling(self, programme, rule, monkeypatch):
        """A worker dies in the middle of a batch; another goes on with the rest."""
        monkeypatch.setattr(checking, "BATCH", 10)
        rows = [row(number, str(number)) for number in range(10, 50)]
        club_import = dry_run(programme, *rows)
        services.start(club_import=club_import, staff=None, now=NOW)
        write, begun = writing.Batch.write, []

        def dies_at_the_second(batch, *, anew):
            counts = write(batch, anew=anew)
            begun.append(batch)
            if len(begun) == 2:
                # All of it is written, and nothing of it committed.
                raise MemoryError
            return counts

        monkeypatch.setattr(writing.Batch, "write", dies_at_the_second)
        assert applying.apply_next(club_import, now=NOW)
        with pytest.raises(MemoryError):
            applying.apply_next(club_import, now=NOW)
        assert len(balances()) == 10
        work.run(clock=lambda: NOW, is_over=lambda: False)

        assert ClubImport.objects.get().state == State.DONE
        assert balances() == {number: number for number in range(10, 50)}
        assert Entry.objects.count() == Lot.objects.count() == 40
        assert is_proven()


class TestPages:
    def address(self, club_import, step=""):
        return f"{LIST}{club_import.public_id}/{step}"

    def chosen(self, club_import):
        stored = club_import.mapping
        return {
            "birthdays": stored["birthdays"],
            "dates": stored["dates"],
            "mode": "FILL",
            "system": "old",
            "source": "",
            **{f"column_{place}": code for place, code in enumerate(stored["columns"])},
        }

    def test_lead_from_the_column_to_the_result(self, desk, programme, rule):
        content = text(row(1, "1 250"), row(2, "35", "2027-06-30"), headings=HEADINGS)
        club_import = receive(programme, content)

        page = desk.get(self.address(club_import, "columns/")).content.decode()
        assert re.search(r'value="POINTS" selected', page)
        assert re.search(r'value="POINTS_UNTIL" selected', page)
        assert "1 point is worth 10\N{NO-BREAK SPACE}öre." in page

        desk.post(self.address(club_import, "columns/"), self.chosen(club_import))
        run(club_import)
        page = desk.get(self.address(club_import)).content.decode()
        assert "Points to take over" in page
        assert "128.50\N{NO-BREAK SPACE}kr" in page
        assert "From the import on the club owes this to its members." in page
        assert Entry.objects.count() == 0

        desk.post(self.address(club_import, "start/"))
        run(club_import)
        page = desk.get(self.address(club_import)).content.decode()
        assert "Points taken over" in page
        assert "128.50\N{NO-BREAK SPACE}kr" in page
        assert sum(balances().values()) == 1285

    def test_ask_for_a_version_first(self, desk, programme):
        club_import = receive(programme, text(row(1, "800"), headings=HEADINGS))
        address = self.address(club_import, "columns/")

        page = desk.get(address).content.decode()
        assert "To the programme" in page
        answer = desk.post(address, self.chosen(club_import))

        assert answer.status_code == 422
        assert "The club has published no version of its programme" in (
            answer.content.decode()
        )

    def test_want_points_with_their_day(self, desk, programme, rule):
        club_import = receive(programme, text(row(1, "800"), headings=HEADINGS))
        chosen = self.chosen(club_import) | {"column_2": ""}

        answer = desk.post(self.address(club_import, "columns/"), chosen)

        assert "Say, too, which column holds the points balance." in (
            answer.content.decode()
        )

    def test_tell_of_vouchers_that_come_by_themselves(self, desk, programme):
        EarningRuleFactory(
            programme=programme,
            published=True,
            terms=reading.dump(Terms(vouchers=Vouchers(mode=VoucherMode.AUTOMATIC))),
        )
        club_import = dry_run(programme, row(1, "1250"), row(2, "35"))

        page = desk.get(self.address(club_import)).content.decode()

        assert (
            "1 member has enough for a voucher, which comes by itself soon after."
        ) in page

    def test_show_a_row_with_what_is_wrong(self, desk, programme, rule):
        club_import = dry_run(programme, row(1, "1.250"))

        page = desk.get(self.address(club_import, "rows/")).content.decode()

        assert "It cannot be told whether thousands or decimals are parted here" in page
        assert "<q>1.250</q>" in page


def test_the_example_of_the_guide_is_taken_over(programme, rule):
    guide = Path(django_settings.BASE_DIR, "docs", "importing.md").read_text()
    found = re.search(r"```csv\n(.*?)```", guide, re.DOTALL)
    content = found[1].encode()

    club_import = apply(check(receive(programme, content)))

    assert club_import.report["applied"]["outcomes"] == {"NEW": 3}
    assert club_import.report["applied"]["codes"] == {}
    assert "" not in club_import.mapping["columns"]
    assert sorted(balances().values()) == [35, 1250]
    assert Member.objects.filter(birthday_on=date(1985, 4, 23)).exists()
    assert not files.path_of(club_import.public_id).exists()
