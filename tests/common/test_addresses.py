"""Whose address a request comes from."""

import pytest
from django.test import RequestFactory

from common.addresses import address_block, client_address


def request_from(remote, forwarded=None):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {}
    return RequestFactory().get("/", REMOTE_ADDR=remote, **headers)


class TestClientAddress:
    def test_believes_no_header_without_a_proxy_of_ours(self, settings) -> None:
        settings.TRUSTED_PROXIES = 0

        assert client_address(request_from("192.0.2.7", "198.51.100.1")) == "192.0.2.7"

    @pytest.mark.parametrize(
        ("proxies", "forwarded", "address"),
        [
            (1, "198.51.100.1", "198.51.100.1"),
            (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
            (2, "203.0.113.9, 198.51.100.1, 192.0.2.1", "198.51.100.1"),
            (2, "198.51.100.1", "10.0.0.1"),
            (1, "", "10.0.0.1"),
            (1, "<script>", "10.0.0.1"),
            (1, "::ffff:198.51.100.1", "198.51.100.1"),
        ],
    )
    def test_takes_what_the_outermost_proxy_of_ours_saw(
        self, settings, proxies, forwarded, address
    ) -> None:
        settings.TRUSTED_PROXIES = proxies

        assert client_address(request_from("10.0.0.1", forwarded)) == address

    def test_answers_also_for_a_socket_without_address(self) -> None:
        assert client_address(request_from("")) == "unknown"


class TestAddressBlock:
    def test_counts_an_ipv4_address_for_itself(self) -> None:
        assert address_block(request_from("192.0.2.7")) == "192.0.2.7"

    def test_counts_a_whole_ipv6_network_as_one(self) -> None:
        phone = address_block(request_from("2001:db8:1:2::1"))
        same_phone = address_block(request_from("2001:db8:1:2:ffff::9"))
        neighbor = address_block(request_from("2001:db8:1:3::1"))

        assert phone == same_phone == "2001:db8:1:2::/64"
        assert neighbor != phone
