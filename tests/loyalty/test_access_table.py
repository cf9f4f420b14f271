"""Every URL × role × method answers as the access table says."""

from itertools import product

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path, resolve

from loyalty.access import TABLE
from loyalty.urls import urlpatterns as real_urls
from stores.access import Audience
from stores.roles import Role
from tests.factories.stores import DeviceFactory, StaffFactory
from tests.loyalty.urls_of import every_address

METHODS = ("GET", "POST", "PUT", "DELETE")
ADDRESSES = every_address()
DESK = [each for each in ADDRESSES if TABLE[each.name].audience is Audience.DESK]
NOT_FOR_STRANGERS = [
    each
    for each in ADDRESSES
    if TABLE[each.name].audience
    in {Audience.DESK, Audience.TILL, Audience.DEVICE, Audience.MEMBER}
]


class Planted:
    """A URL that somebody added and forgot to list."""

    urlpatterns = [
        *real_urls,
        path("forgotten/", lambda request: HttpResponse("hello"), name="forgotten"),
    ]


def unlisted(addresses):
    return sorted({each.name for each in addresses} - TABLE.keys())


def send(client, method, address):
    return client.generic(method, address.path)


class TestTable:
    def test_names_every_url(self):
        assert unlisted(ADDRESSES) == []

    def test_names_no_url_that_does_not_exist(self):
        assert sorted(TABLE.keys() - {each.name for each in ADDRESSES}) == []

    def test_would_show_a_url_that_was_forgotten(self):
        found = every_address(Planted.urlpatterns)

        assert unlisted(found) == ["forgotten"]

    def test_finds_its_own_addresses(self):
        for address in ADDRESSES:
            assert resolve(address.path).view_name == address.name

    def test_lets_nobody_change_anything_with_put_or_delete_at_the_desk(self):
        for address in DESK:
            assert not TABLE[address.name].methods.keys() & {"PUT", "PATCH", "DELETE"}


class TestUnlisted:
    def test_is_closed_even_to_an_owner(self, olga, desk_client, settings):
        settings.ROOT_URLCONF = Planted

        assert desk_client(olga).get("/forgotten/").status_code == 404


class TestStranger:
    def test_is_sent_to_a_sign_in_or_told_the_methods(self, programme):
        for address, method in product(NOT_FOR_STRANGERS, METHODS):
            access = TABLE[address.name]
            answer = send(Client(), method, address)

            if access.roles(method) is None:
                assert answer.status_code == 405, (method, address.name)
            else:
                assert answer.status_code == 302, (method, address.name)
                assert answer["Location"].startswith(
                    {
                        Audience.DESK: "/account/login/",
                        Audience.DEVICE: "/till/",
                        Audience.TILL: "/till/",
                        Audience.MEMBER: "/me/",
                    }[access.audience]
                ), (method, address.name)


@pytest.mark.parametrize("role", Role)
class TestStaff:
    def test_opens_at_the_desk_what_the_table_says(self, programme, role, desk_client):
        client = desk_client(StaffFactory(programme=programme, role=role))
        wrong = []
        for address in DESK:
            access = TABLE[address.name]
            for method in METHODS:
                answer = send(client, method, address)
                allowed = access.roles(method)
                if allowed is None:
                    is_right = answer.status_code == 405
                elif role not in allowed:
                    is_right = answer.status_code == 403
                else:
                    # A row of the address does not exist: 404 comes after the door.
                    is_right = answer.status_code in {200, 204, 302, 303, 404, 422}
                if not is_right:
                    wrong.append((address.name, method, answer.status_code))

        assert wrong == []


class TestSomebodyWithoutARole:
    def test_opens_nothing_at_the_desk(self, programme, desk_client):
        client = desk_client(StaffFactory(programme=programme))

        # Nothing signs them out meanwhile: a stranger would get another answer.
        for address in DESK:
            for method in TABLE[address.name].methods:
                answer = send(client, method, address)

                assert answer.status_code == 403, (method, address.name)


class TestApi:
    @pytest.mark.parametrize(
        "address",
        [each for each in ADDRESSES if TABLE[each.name].audience is Audience.API],
        ids=lambda address: address.name,
    )
    def test_asks_for_a_key(self, programme, address, olga, desk_client):
        # A signed-in owner is no API client either.
        for client in (Client(), desk_client(olga)):
            for method in METHODS:
                answer = send(client, method, address)
                listed = TABLE[address.name].roles(method) is not None

                assert answer.status_code == (401 if listed else 405), method
                assert answer["Content-Type"] == "application/problem+json"


class TestDevice:
    def test_opens_no_desk_page(self, store):
        client = Client()
        client.cookies["device"] = DeviceFactory(store=store).plain_key

        for address in DESK:
            for method in TABLE[address.name].methods:
                answer = send(client, method, address)

                assert answer.status_code == 302, address.name
                assert answer["Location"].startswith("/account/login/")
