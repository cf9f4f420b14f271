"""From which address a request comes, and which addresses count as one."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

# A household or a phone gets a whole /64 of IPv6 and may use any address in it.
_IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the caller's address, as the outermost proxy of ours saw it.

    Each of our proxies adds one address at the right of X-Forwarded-For; whatever
    stands further left was written by the caller and is not believed.
    """
    trusted = settings.TRUSTED_PROXIES
    if trusted:
        forwarded = request.headers.get("X-Forwarded-For", "")
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        if len(hops) >= trusted:
            return _known(hops[-trusted]) or _direct(request)
    return _direct(request)


def address_block(request: HttpRequest) -> str:
    """Return what a limit per address counts by: IPv4 whole, IPv6 by its /64."""
    address = client_address(request)
    if ":" not in address:
        return address
    network = int(IPv6Address(address)) >> (128 - _IPV6_PREFIX)
    return f"{IPv6Address(network << (128 - _IPV6_PREFIX))}/{_IPV6_PREFIX}"


def _direct(request: HttpRequest) -> str:
    return _known(request.META.get("REMOTE_ADDR", "")) or "unknown"


def _known(text: str) -> str:
    """Return a readable address in its one spelling, or nothing."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
