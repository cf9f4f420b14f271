"""F27: looking at pages changes nothing.

Every address that can be looked at is, as everybody who may, in a club in which there
is something to see; and what the database counts of the rows that the transaction has
written stays as it was.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client

from loyalty.access import TABLE
from members.models import Member
from offers.vouchers.services import Gift, give_voucher
from points.models import EarningRule
from stores.access import Audience
from stores.roles import Role
from stores.services import set_pin
from tests.factories.club import buy, line, open_club
from tests.factories.members import MemberFactory
from tests.factories.offers import kr, stamp_card
from tests.factories.portal import signed_in
from tests.factories.stores import DeviceFactory, StaffFactory, TillFactory
from tests.loyalty.urls_of import Address, every_address
from till.guards import DEVICE_COOKIE

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
PIN = "7391"
# What a look may write: the table, at which addresses, and why it must.
MAY_WRITE = (
    # Who has seen a member's data is kept: the one and the other table of the trail.
    ("stores_auditentry", r"members:|privacy:look-list$|.*(panel|ledger|receipt)$"),
    ("stores_auditlane", r"members:|privacy:look-list$|.*(panel|ledger|receipt)$"),
    # The day on which a key was last used, so that forgotten keys can be found.
    ("stores_apikey", r"api-"),
    # The key of an authenticator that is being set up, before it is proven.
    ("django_session", r"mfa_activate_totp$"),
    # Tries of somebody who guesses at the secret of a link are counted.
    ("common_ratebucket", r"stores:invitation$"),
    # When a device was last used, every few minutes; and until when a till stays open.
    ("portal_session", r"portal:"),
    ("stores_tilldevice", r"till:"),
    ("django_session", r"till:"),
    # A visit a day is an event of the member's, for which a version may give points.
    ("members_event", r"portal:home$"),
)
SLICES = 5
WRITES = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
"""
WITH_ID = re.compile(r"([a-z-]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def of(*audiences):
    return [
        each
        for each in every_address()
        if TABLE[each.name].audience in audiences
        and TABLE[each.name].roles("GET") is not None
    ]


def written():
    """Return how many rows of each table this transaction has written so far."""
    with connection.cursor() as cursor:
        cursor.execute(WRITES)
        return dict(cursor.fetchall())


def may_write(table, address):
    return any(table == name and re.match(where, address) for name, where in MAY_WRITE)


@dataclass
class Looks:
    """Looks at addresses; keeps how they answered, and what was written there."""

    rows: dict
    statuses: list = field(default_factory=list)
    surprising: dict = field(default_factory=dict)

    def at(self, client, addresses, **options):
        for address in addresses:
            path = WITH_ID.sub(self._known, address.path)
            before = written()
            self.statuses.append(client.get(path, **options).status_code)
            tables = {
                name
                for name, number in written().items()
                if number != before.get(name, 0) and not may_write(name, address.name)
            }
            if tables:
                self.surprising[address.name] = tables
        return self

    def _known(self, match):
        row = self.rows.get(match[1])
        return f"{match[1]}/{row.public_id}" if row else match[0]

    @property
    def opened(self):
        """Return which part of the pages showed something."""
        return self.statuses.count(200) / len(self.statuses)


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme, first_name="Vera")


@pytest.fixture
def rows(programme, store, olga, member):
    """What there is to see, by the word before its id."""
    rule = open_club(programme)
    receipt = buy(member, store, line("249.00"), now=NOW)
    draft = EarningRule.objects.create(
        programme=programme,
        version=2,
        status=EarningRule.Status.DRAFT,
        starts_at=NOW,
        points_per_unit=2,
        point_value=rule.point_value,
        reward_points=500,
        expires_after_months=24,
    )
    return {
        "members": member,
        "goodwill": member,
        "receipts": receipt,
        "purchases": receipt,
        "vouchers": give_voucher(
            member=member, gift=Gift(kr("50")), reason="Late", key="gift", now=NOW
        ),
        "versions": rule,
        "version": rule,
        "drafts": draft,
        "stamp-cards": stamp_card(programme, olga, now=NOW),
        "stores": store,
        "allowance": store,
        "staff": StaffFactory(programme=programme, role=Role.ANALYST),
        "tills": TillFactory(store=store),
        "devices": DeviceFactory(store=store),
    }


class TestLooking:
    @pytest.mark.parametrize("part", range(SLICES))
    def test_at_the_desk_writes_nothing(self, rows, olga, desk_client, part):
        """As the owner, who may see nearly all."""
        client = desk_client(olga)
        client.get("/")
        pages = [
            each
            for each in of(Audience.DESK)
            if Role.OWNER in TABLE[each.name].roles("GET")
        ]

        looks = Looks(rows).at(client, pages[part::SLICES])

        assert looks.surprising == {}
        assert looks.opened > 0.5

    @pytest.mark.soak
    @pytest.mark.parametrize("role", [each for each in Role if each is not Role.OWNER])
    def test_in_no_role_writes_anything(self, rows, programme, desk_client, role):
        client = desk_client(StaffFactory(programme=programme, role=role))
        client.get("/")
        pages = [
            each for each in of(Audience.DESK) if role in TABLE[each.name].roles("GET")
        ]

        assert Looks(rows).at(client, pages).surprising == {}

    def test_at_ones_own_pages_writes_nothing(self, rows, member):
        client = signed_in(member, now=datetime.now(UTC))

        looks = Looks(rows).at(client, of(Audience.MEMBER))

        assert looks.surprising == {}
        assert looks.opened > 0.5

    def test_as_a_stranger_writes_nothing(self, rows):
        looks = Looks(rows).at(Client(), of(Audience.PUBLIC))

        assert looks.surprising == {}

    def test_by_key_writes_nothing(self, rows, api_key):
        header = {"Authorization": f"Bearer {api_key.plain}"}

        looks = Looks(rows).at(Client(), of(Audience.API), headers=header)

        assert looks.surprising == {}
        assert looks.opened > 0.5

    def test_at_the_till_writes_nothing(self, rows, olga, carl):
        set_pin(staff=carl, pin=PIN, actor=olga, now=NOW)
        client = Client()
        client.cookies[DEVICE_COOKIE] = rows["devices"].plain_key
        client.post(f"/till/staff/{carl.public_id}/", {"pin": PIN})

        looks = Looks({**rows, "staff": carl}).at(
            client, of(Audience.TILL, Audience.DEVICE)
        )

        assert looks.surprising == {}
        assert looks.opened > 0.5


class TestLooks:
    def test_find_a_page_that_writes(self, member):
        """The twin: a view that helps itself while somebody looks."""

        class Careless(Client):
            def get(self, path, **options):
                Member.objects.filter(pk=member.pk).update(first_name="Seen")
                return super().get(path, **options)

        looks = Looks({}).at(Careless(), [Address("healthz", "/healthz")])

        assert looks.surprising == {"healthz": {"members_member"}}
