import pytest
from django.test import Client

from tests.loyalty.urls_of import every_address

ADDRESSES = every_address()
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy_of(answer):
    parts = [part.strip() for part in answer["Content-Security-Policy"].split(";")]
    return dict(part.split(" ", 1) for part in parts if part)


def check(answer):
    policy = policy_of(answer)
    for directive, value in STRICT.items():
        assert policy[directive] == value
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert answer["X-Request-ID"]


class TestHeaders:
    @pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each.name)
    def test_protect_every_page_for_strangers_and_owners(
        self, olga, desk_client, address
    ):
        for client in (Client(), desk_client(olga)):
            check(client.get(address.path))

    @pytest.mark.parametrize("path", ["/no-such-page/", "/api/v1/no-such-page/"])
    def test_protect_an_error_too(self, programme, path):
        answer = Client().get(path)

        assert answer.status_code == 404
        check(answer)

    def test_keep_pages_out_of_caches(self, olga, desk_client):
        assert "no-store" in desk_client(olga).get("/settings/staff/")["Cache-Control"]

    def test_give_the_camera_to_the_till_alone(self, olga, desk_client):
        at_till = Client().get("/till/")["Permissions-Policy"]
        at_desk = desk_client(olga).get("/")["Permissions-Policy"]

        assert "camera=(self)" in at_till
        assert "camera=()" in at_desk

    def test_are_not_weakened_by_what_a_page_says(self, olga, desk_client):
        page = desk_client(olga).get("/").content.decode()

        assert "<style" not in page
        assert 'style="' not in page
        assert "onclick" not in page
