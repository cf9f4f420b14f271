"""The demo club: what it loads, that it adds up, and that nobody in it exists."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.forms.models import model_to_dict

from consent import services as consent
from consent import texts
from consent.models import Channel, ConsentEntry, Purpose, TermsAcceptance, Text
from consent.selectors import current_text
from loyalty.demo import club, life, programme, small
from loyalty.demo.club import Enrolment
from loyalty.demo.grocer import Grocer
from loyalty.demo.journey import SLICE_EVERY, Journey, NotInstalled, days_to, moved
from loyalty.demo.names import people
from loyalty.demo.phones import fictional_number
from loyalty.demo.places import places
from members import phones
from members import services as members
from members.models import DuplicatePair, Event, Member
from messaging import notices
from points import proof
from points.models import Entry
from purchases.models import Receipt, ReceiptLine
from stores.models import ApiKey, AuditEntry, Programme, Staff, Store
from stores.services import check_pin, redeem_device_code
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StoreFactory

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def demo(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def journey():
    try:
        return Journey()
    except NotInstalled:
        pytest.skip("requirements-demo.txt is not installed")


@pytest.fixture
def few(monkeypatch):
    """A club of a tenth of its members, with a quarter of a year."""
    monkeypatch.setattr(small, "MEMBERS", 45)
    monkeypatch.setattr(small, "DAYS", 90)


class TestDemoCommand:
    @pytest.mark.django_db(transaction=True)
    def test_loads_a_club_that_holds_together(self):
        said = demo()

        found = programme.find()
        statuses = Member.objects.values_list("status", flat=True)
        # Those who registered twice are there twice; two of them were merged.
        assert len(statuses) == 300 + life.TWICE
        assert set(statuses) == {"ACTIVE", "PENDING", "LEFT", "MERGED"}
        pairs = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN)
        assert pairs.count() == life.TWICE - 1
        receipts = Receipt.objects.filter(programme=found)
        yesterday = datetime.now(STOCKHOLM).date() - timedelta(days=1)
        assert receipts.order_by("-business_on")[0].business_on == yesterday
        assert receipts.filter(original__isnull=False).exists()
        assert receipts.filter(member__isnull=True).exists()
        assert set(receipts.values_list("source", flat=True)) == {"DEMO"}
        assert "Not accepted" not in said
        assert not proof.check().differences
        assert not notice_reads_anything()
        # A second time nothing happens, whether it asks first or not.
        before = counts()
        assert demo("--if-empty") == ""
        assert f"{receipts.count():,}".replace(",", " ") in demo()
        assert counts() == before

    def test_finishes_a_load_that_was_broken_off(self, db, few):
        programme.begin(look=programme.GENERATED, size="small", now=NOW)
        assert programme.unfinished_size(programme.find()) == "small"

        demo("--if-empty", "--size", "run")

        assert Member.objects.count() == small.MEMBERS + life.TWICE
        assert programme.unfinished_size(programme.find()) is None
        assert AuditEntry.objects.filter(action=programme.LOADED).count() == 1
        # The dates stay those of the first try.
        last = Receipt.objects.order_by("-business_on")[0].business_on
        assert last == date(2026, 8, 31)

    def test_is_not_mixed_into_a_real_club(self, db):
        ProgrammeFactory()

        assert demo("--if-empty") == ""
        assert demo("--sign-ins") == ""
        with pytest.raises(CommandError, match="another club"):
            demo()
        assert Programme.objects.count() == 1

    def test_is_refused_in_production(self, db, settings):
        settings.PRODUCTION = True

        with pytest.raises(CommandError, match="not for production"):
            demo()

    def test_falls_back_in_words_when_the_package_is_missing(
        self, db, few, monkeypatch
    ):
        monkeypatch.setattr("loyalty.demo.journey.PACKAGE", "not_installed_here")

        said = demo("--size", "run")

        assert "not installed" in said
        assert programme.find().name == "Fjäll & Form"


def notice_reads_anything() -> int:
    """Tell how many of the load's events would become messages."""
    return notices.follow(now=datetime.now(UTC))


def counts() -> list[int]:
    models = (Member, Event, Receipt, ReceiptLine, Entry, ConsentEntry, Staff, Store)
    return [model.objects.count() for model in models]


@pytest.mark.django_db
class TestSignIns:
    @pytest.fixture
    def found(self):
        made = programme.begin(look=programme.GENERATED, size="small", now=NOW)
        shop = programme.Shop("101", "Uppsala Storgatan", "Uppsala", tills=2)
        programme.set_up(programme=made, shops=[shop], articles=[], now=NOW)
        return made

    def test_print_what_lets_people_in(self, found):
        said = demo("--sign-ins")

        password = re.search(r"password for all: (\S+)\)", said)[1]
        assert len(password) >= 15
        for staff in Staff.objects.all():
            assert staff.email in said
            assert staff.is_demo
            assert staff.check_password(password)
        clerk = Staff.objects.get(roles__role="STORE_STAFF")
        assert check_pin(staff=clerk, pin=re.search(r"PIN (\d+)", said)[1])
        code = re.search(r"with (\w{4} \w{4})", said)[1]
        device, _key = redeem_device_code(code=code, now=datetime.now(UTC))
        assert device.store.code == "101"

    def test_print_a_fresh_key_that_replaces_the_last(self, found):
        first = re.search(r"sk_live_\S+", demo("--sign-ins"))[0]
        second = re.search(r"sk_live_\S+", demo("--sign-ins"))[0]

        usable = ApiKey.objects.get(revoked_at__isnull=True)
        assert second.startswith(usable.prefix)
        secret = second.removeprefix(f"{usable.prefix}_")
        assert bytes(usable.secret_hash) == hashlib.sha256(secret.encode()).digest()
        assert not first.startswith(usable.prefix)

    def test_say_which_member_to_sign_in_as(self, found):
        MemberFactory(programme=found, phone=fictional_number(0))

        assert "070-174 06 05" in demo("--sign-ins")


class TestPeople:
    def test_have_numbers_and_addresses_that_reach_nobody(self):
        persons = people(3000, seed=1)
        numbers = [fictional_number(place) for place in range(3000)]

        assert len(set(numbers)) == 3000
        assert all(phones.is_mobile(number) for number in numbers)
        assert all(phones.normalize(n, country="SE") == n for n in numbers[::50])
        assert numbers[:95] == [f"+4670174{n:04d}" for n in range(605, 700)]
        assert all(number.startswith("+4670000") for number in numbers[95:])
        addresses = {person.email for person in persons}
        assert len(addresses) == 3000
        for address in addresses:
            assert re.fullmatch(r"[a-z]+\.[a-z]+\d*@example\.(com|org)", address)

    def test_are_the_same_ones_for_the_same_seed(self):
        assert people(50, seed=7) == people(50, seed=7)
        assert people(50, seed=7) != people(50, seed=8)
        assert people(60, seed=7)[:50] == people(50, seed=7)

    def test_find_no_street_of_a_town_twice(self):
        found = places(457, seed=1)

        assert len(set(found)) == 457
        assert {place.town for place in found} >= {"Uppsala", "Aarhus"}


@pytest.mark.django_db
class TestEnrol:
    def test_writes_what_the_services_write(self):
        """Sets are quicker; the rows are those of one registration after another."""
        made = ProgrammeFactory()
        texts.publish_defaults(made, NOW - timedelta(days=9))
        shop = StoreFactory(programme=made, code="101")
        person = people(1, seed=1)[0]
        by_set, by_service = fictional_number(1), fictional_number(2)
        enrolment = Enrolment(
            person=person,
            phone=by_set,
            shop="101",
            language="sv",
            source="TILL",
            registered_at=NOW,
            activated_at=NOW,
            birthday_on=date(1980, 2, 29),
            says_yes_to_sms=True,
            says_yes_to_email=False,
        )

        club.enrol(programme=made, enrolments=[enrolment], now=NOW)
        expected = enrol_one_by_one(made, shop, enrolment, by_service)

        found = Member.objects.get(phone=by_set)
        assert written(found) == written(expected)
        assert club.enrol(programme=made, enrolments=[enrolment], now=NOW) == 0


def enrol_one_by_one(made, shop, enrolment, phone):
    member = members.register_member(
        programme=made, phone=phone, source="TILL", store=shop, language="sv", now=NOW
    )
    member = members.activate_member(
        member=member,
        first_name=enrolment.person.first_name,
        last_name=enrolment.person.last_name,
        email="other@example.com",
        language="sv",
        birthday_on=enrolment.birthday_on,
        phone_verified=True,
        now=NOW,
    )
    for channel, action in ((Channel.SMS, "GIVEN"), (Channel.EMAIL, "REFUSED")):
        consent.record_entry(
            member=member,
            purpose=Purpose.MARKETING,
            channel=channel,
            action=action,
            at=NOW,
            source=ConsentEntry.Source.DEMO,
            actor=consent.MEMBER,
            text=current_text(
                programme=made,
                kind=Text.Kind.CONSENT,
                purpose=Purpose.MARKETING,
                channel=channel,
                language="sv",
            ),
        )
    terms = current_text(programme=made, kind=Text.Kind.TERMS, language="sv")
    consent.accept_terms(
        member=member, text=terms, at=NOW, source=ConsentEntry.Source.DEMO
    )
    return member


def written(member):
    """Return every row of a member, without what two members cannot share."""
    apart = {"id", "public_id", "member", "number", "phone", "email", "xact"}
    apart |= {"subject_id", "recorded_at"}
    rows = [member]
    for model in (Event, ConsentEntry, TermsAcceptance):
        rows += model.objects.filter(member=member)
    found = [
        {field: value for field, value in row_dict(row).items() if field not in apart}
        for row in rows
    ]
    return sorted(found, key=repr)


def row_dict(row):
    fields = model_to_dict(row, [field.name for field in row._meta.fields])
    return {"model": type(row).__name__, **fields}


class TestJourney:
    """The source, against the figures published for it (docs/demo-data.md)."""

    def test_holds_what_is_published_of_it(self, journey):
        tally = journey.tally()

        assert (tally.households, tally.baskets, tally.lines) == (
            2_469,
            155_848,
            1_469_307,
        )
        assert tally.cents == 459_603_958
        assert (tally.empty_lines, tally.empty_baskets) == (8_840, 328)
        assert (tally.kept_baskets, tally.kept_lines) == (155_520, 1_460_467)

    def test_gives_a_household_the_same_name_in_slice_and_whole(self, journey):
        whole = Grocer(journey, date(2026, 8, 31), STOCKHOLM).enrolments()
        part = Grocer(Journey(SLICE_EVERY), date(2026, 8, 31), STOCKHOLM).enrolments()

        assert len(whole) == 2_469 + 24
        assert len(part) == 493 + 24
        by_phone = {enrolment.phone: enrolment for enrolment in whole}
        assert all(by_phone[each.phone] == each for each in part)

    def test_yields_receipts_that_sum_to_the_source(self, journey):
        source = Journey(every=100)
        receipts = list(Grocer(source, date(2026, 8, 31), STOCKHOLM).receipts())

        tally = source.tally()
        assert len(receipts) == tally.kept_baskets
        assert sum(len(receipt.lines) for receipt in receipts) == tally.kept_lines
        total = sum(receipt.total for receipt in receipts)
        assert total == Decimal(tally.cents) / 10
        for receipt in receipts:
            assert receipt.total == sum(line.gross_paid for line in receipt.lines)
            assert all(line.quantity > 0 for line in receipt.lines)
            taxes = sum(tax.amount for tax in receipt.taxes)
            assert taxes == sum(line.tax_amount for line in receipt.lines)

    def test_reads_the_clock_of_the_shop(self, journey):
        """Read as they are stored, more than one in ten would be at night."""
        moments = [basket.moment for basket in Journey(every=50).baskets()]

        at_night = sum(1 <= moment.hour < 6 for moment in moments)
        assert at_night < len(moments) * 0.02
        assert max(moments).date() <= date(2017, 12, 31)
        assert not [m for m in moments if (m.month, m.day) == (12, 25)]

    def test_moves_by_whole_days_to_end_yesterday(self):
        by = days_to(date(2026, 8, 31))

        last = moved(datetime.fromisoformat("2017-12-31T23:01"), by, STOCKHOLM)
        assert last == datetime(2026, 8, 31, 23, 1, tzinfo=STOCKHOLM)
        # Half past two is left out in the night to summer time.
        missing = datetime.fromisoformat("2026-03-29T02:30") - by
        assert moved(missing, by, STOCKHOLM).hour == 3


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
class TestFullLoad:
    def test_loads_every_line_of_the_source(self, journey):
        said = demo("--size", "full")

        tally = journey.tally()
        assert "Not accepted" not in said
        assert Receipt.objects.count() == tally.kept_baskets
        assert ReceiptLine.objects.count() == tally.kept_lines
        total = Receipt.objects.aggregate(total=Sum("total"))["total"]
        assert total == Decimal("45960395.80")
        assert not proof.check().differences
