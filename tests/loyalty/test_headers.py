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
    where = answer.request["PATH_INFO"]
    policy = policy_of(answer)
    for directive, value in STRICT.items():
        assert policy[directive] == value, where
    assert "unsafe" not in answer["Content-Security-Policy"], where
    assert answer["X-Content-Type-Options"] == "nosniff", where
    assert answer["X-Frame-Options"] == "DENY", where
    assert answer["Referrer-Policy"] == "same-origin", where
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert "geolocation=()" in answer["Permissions-Policy"], where
    assert answer["X-Request-ID"], where


class TestHeaders:
    def test_protect_every_page_for_strangers(self, programme):
        for address in ADDRESSES:
            check(Client().get(address.path))

    def test_protect_every_page_for_owners(self, olga, desk_client):
        client = desk_client(olga)
        for address in ADDRESSES:
            check(client.get(address.path))
        # No page has signed her out: the last one was asked for by an owner too.
        assert client.get("/settings/staff/").status_code == 200

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
