"""Names of hosts, as requests and settings have them, and what a name says of a request.

With a domain, a bucket may stand in front of it in the Host, and the path is then its key: S3's
virtual-hosted style.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.A)
_PORT = re.compile(r":\d*$")


def name_of(authority: str) -> str:
    """The host in `host:port`, without the dot that may end it. Letters stay as they are."""
    return _PORT.sub("", authority).removesuffix(".")


def is_host_name(text: str) -> bool:
    """Whether this is a name, in lower case and without a port, or an IP address."""
    return bool(_NAME.fullmatch(text)) or is_address(text)


@lru_cache(maxsize=1024)
def is_address(host: str) -> bool:
    """Whether a host is an IP address, an IPv6 one in brackets or not."""
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach what listens at a host."""
    if is_address(host):
        return _address(host).is_loopback
    return is_within(host, ("localhost",))


def is_unspecified(host: str) -> bool:
    """Whether what listens at a host listens at all addresses, as 0.0.0.0 and :: do."""
    return is_address(host) and _address(host).is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address; the one of IPv4 that one of IPv6 stands for."""
    address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    return getattr(address, "ipv4_mapped", None) or address


def is_within(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of some domains, or lies below one."""
    lower = host.lower()
    return any(lower == domain or lower.endswith("." + domain) for domain in domains)


def path_style(authority: bytes, raw_path: bytes, domains: Iterable[str]) -> bytes:
    """The path that says the same without a bucket in the Host.

    A bucket's name keeps its dots, and its letters: only the domain is the same in any case.
    """
    if not raw_path.startswith(b"/"):
        return raw_path
    host = name_of(authority.decode("latin-1"))
    domain = max((one for one in domains if is_within(host, (one,))), key=len, default=host)
    if len(domain) == len(host):
        return raw_path
    bucket = host[: -len(domain) - 1]
    return b"/" + bucket.encode("latin-1").replace(b"%", b"%25") + raw_path
