"""Which addresses may be called: public ones, and those that the config lists as private hosts.

Of IPv6 only global unicast (``2000::/3``) can be public, less what the IANA registries set aside inside it. Of IPv4
everything can, less the registry. ``ipaddress.is_global`` is not such a check: it calls multicast, 6to4 and the
addresses that carry another address inside (NAT64) global. A network's own NAT64 prefix cannot be known here; a
firewall for outgoing traffic has to know it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from trueup.model.errors import ConfigurationError
from trueup.model.finding import printable
from trueup.outgoing.hosts import canonical_host

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry; the first match names it.
_SET_ASIDE = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "a carrier's or a cloud's own (CGNAT)",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's own",  # public by the registry, and answered inside every Azure machine
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "for documentation",
    "192.31.196.0/24": "reserved",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "reserved",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::ffff:0:0/96": "an IPv4 address in disguise (mapped)",
    "::ffff:0:0:0/96": "an IPv4 address in disguise (translated)",
    "::/96": "an IPv4 address in disguise (compatible)",
    "64:ff9b::/96": "an IPv4 address in disguise (NAT64)",
    "64:ff9b:1::/48": "an IPv4 address in disguise (local NAT64)",
    "fc00::/7": "unique-local",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
    "2001::/32": "an IPv4 address in disguise (Teredo)",
    "2001:2::/48": "for benchmarks",
    "2001::/23": "reserved",
    "2001:db8::/32": "for documentation",
    "2002::/16": "an IPv4 address in disguise (6to4)",
    "3fff::/20": "for documentation",
}
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def reserved_for(address: Address) -> str | None:
    """What an address is reserved for, in a few words; ``None`` for a public one.

    >>> reserved_for(ip_address("10.1.2.3")), reserved_for(ip_address("1.1.1.1"))
    ('private', None)
    """
    for network, purpose in _SET_ASIDE.items():
        if address in ip_network(network):
            return purpose
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address.scope_id):
        return "reserved"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateHosts:
    """Hosts that may be called although they are not public; ``listed_in`` is the config's key that lists them."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    listed_in: str = "alerts.private_hosts"

    @classmethod
    def read(cls, entries: Iterable[str], *, listed_in: str = "alerts.private_hosts") -> PrivateHosts:
        """Host names, addresses and networks (``10.1.0.0/16``). Raises ``ConfigurationError`` for anything else."""
        names, networks = set(), []
        for entry in entries:
            try:
                networks.append(_network(entry))
            except ValueError:
                name = canonical_host(entry)
                if name is None:
                    raise ConfigurationError(
                        f'{listed_in} holds "{printable(entry)}", which is not a host name, address or network; '
                        "write one like mail.internal, 10.1.2.3 or 10.1.0.0/16."
                    ) from None
                names.add(name)
        return cls(names=frozenset(names), networks=tuple(networks), listed_in=listed_in)

    def lists(self, host: str) -> bool:
        """Whether this host itself, a name or an address, is listed."""
        if host in self.names:
            return True
        try:
            return self.holds(ip_address(host))
        except ValueError:
            return False

    def holds(self, address: Address) -> bool:
        """Whether this address is inside a listed network."""
        return any(address in network for network in self.networks)


def _network(entry: str) -> Network:
    if "%" in entry:  # an interface of this machine
        raise ValueError
    return ip_network(entry)
