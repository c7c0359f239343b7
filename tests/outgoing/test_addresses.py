"""Only public addresses may be dialled, and what the config lists."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.model.errors import ConfigurationError
from trueup.outgoing.addresses import PrivateHosts, reserved_for

NOT_PUBLIC = (
    str(IPv4Address(0)),
    *("0.0.0.1", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "100.100.100.200", "127.0.0.1", "127.9.9.9"),
    *("168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1"),
    *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.9", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:808:808", "::8.8.8.8"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1:abcd::7f00:1", "100::1", "fc00::1"),
    *(
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%eth0",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff02::1",
        "ff0e::1",
    ),
    *("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1"),
    *("2002:7f00:1::", "2002:808:808::1", "3fff::1", "3fff:fff:ffff::1", "4000::1", "5f00::1", "8000::1"),
)
PUBLIC = (
    *(
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
    ),
    *("168.63.129.15", "169.253.255.255", "192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255"),
    *("2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450::1", "3ffe:ffff::1"),
)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_set_aside_is_not_public(address: str) -> None:
    assert reserved_for(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert reserved_for(ip_address(address)) is None


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_calls_not_global_is_never_public_here(address: object) -> None:
    found = ip_address(str(address))
    if not found.is_global or found.is_multicast or found.is_reserved:
        assert reserved_for(found)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_never_public(address: object) -> None:
    number = int(ip_address(str(address)))
    six_to_four = IPv6Address((0x2002 << 112) | (number << 80) | 1)
    inside = [IPv6Address((prefix << 32) | number) for prefix in (0, 0xFFFF, 0xFFFF0000, 0x64FF9B << 64)]
    for disguised in (*inside, six_to_four, IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))):
        assert reserved_for(disguised), disguised


def test_a_listed_name_address_and_network_is_private() -> None:
    hosts = PrivateHosts.read(["Mail.Internal.", "10.1.2.3", "10.2.0.0/16", "fd00:1::/32"])
    assert [hosts.lists(host) for host in ("mail.internal", "10.1.2.3", "10.2.9.9", "fd00:1::5")] == [True] * 4
    assert [hosts.lists(host) for host in ("internal", "x.mail.internal", "10.1.2.4", "fd00:2::")] == [False] * 4
    assert hosts.holds(ip_address("10.2.1.1"))
    assert not hosts.holds(ip_address("10.3.1.1"))


def test_a_listed_network_does_not_hold_its_addresses_in_disguise() -> None:
    assert not PrivateHosts.read(["127.0.0.0/8"]).holds(ip_address("::ffff:127.0.0.1"))


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.internal", "10.1.2.3/16", "http://mail", "mail:25", "a/b", "0x7f.1", "2130706433", "fe80::1%e", "ü"],
)
def test_an_entry_that_is_no_host_is_refused_by_name(entry: str) -> None:
    with pytest.raises(ConfigurationError, match=r"alerts\.private_hosts holds .*, which is not a host name") as caught:
        PrivateHosts.read(["mail.internal", entry])
    assert f'"{entry}"' in str(caught.value) or not entry.isprintable()
