"""Where a request comes from, as far as it can be believed."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address: the last hop that is none of our own `TRUSTED_PROXY_COUNT` proxies.

    Each proxy appends the address it was called from, so only the last entries of X-Forwarded-For are ours to
    believe; what a client wrote before them counts for nothing. "" when there is no address (a Unix socket).
    """
    peer = request.META.get("REMOTE_ADDR", "")
    proxies = settings.TRUSTED_PROXY_COUNT
    if not proxies:
        return _plain(peer)
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return _plain([*hops, peer][-proxies - 1 :][0])


def limit_network(address: str) -> str:
    """The address that a limit counts by: an IPv6 client owns a whole /64, so that is one client."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


@lru_cache(maxsize=4096)  # parsing one takes 5 us, and it is asked for twice a request
def _plain(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
