"""A web address is read in one way or not at all, and never repeated in an error."""

from __future__ import annotations

import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.model.errors import ConfigurationError
from trueup.outgoing.hosts import canonical_host, read_endpoint

NAMED = "alerts.channels.ops.url"


@pytest.mark.parametrize(
    ("url", "place", "target"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com", "/services/T0/B0/x"),
        ("HTTPS://Hooks.Slack.COM./x", "https://hooks.slack.com", "/x"),
        ("https://host:443", "https://host", "/"),
        ("https://host:8443?a=b/c?d", "https://host:8443", "/?a=b/c?d"),
        ("http://host:80/", "http://host", "/"),
        ("https://1.1.1.1/%20", "https://1.1.1.1", "/%20"),
        ("https://[2606:4700:0::1111]:99/", "https://[2606:4700::1111]:99", "/"),
        ("https://my_service.ns/a@b:c", "https://my_service.ns", "/a@b:c"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example", "/"),
    ],
)
def test_a_plain_address_is_taken_apart(url: str, place: str, target: str) -> None:
    endpoint = read_endpoint(url, named=NAMED)
    assert (endpoint.place, endpoint.target) == (place, target)
    assert target == "/" or target not in repr(endpoint)


REFUSED = {
    "is not a web address": (
        "",
        "ftp://host/s3cret",
        "//host/s3cret",
        "host/s3cret",
        "javascript:s3cret",
        " https://host/s3cret",
    ),
    "holds a user or password": (
        *("https://s3cret@host/", "https://a:s3cret@host/", "https://hooks.slack.com@evil/", "https://@host/"),
        "https://host\\@evil/",
        "https://good.example:443@127.0.0.1/s3cret",
    ),
    "in letters beyond ASCII": ("https://bücher.example/s3cret", "https://ⓔvil.example/", "https://host。example/"),
    "names a host that is neither": (
        *(
            "https://2130706433/s3cret",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://1.2.3.256/",
        ),
        *("https://127.0.0.0x1/", "https://host.1/", "https://.host/", "https://host../", "https://-a/", "https://a-/"),
        *("https://" + "a" * 64 + "/", "https://" + "a." * 130 + "b/", "https://[1.2.3.4]/"),
        *("https://a..b/", "https://01.02.03.04/", "https://08.8.8.8/"),
    ),
    "names a port that does not exist": ("https://host:0/s3cret", "https://host:65536/", "https://host:99999/"),
    "holds a #": ("https://host/s3cret#x", "https://host#"),
    "characters that must be percent-encoded": (
        *(
            "https://host/a b",
            "https://host/s3cret\r\nX: y",
            "https://host/%zz",
            "https://host:/",
        ),
        *(
            "https://host:8x/",
            "https:///s3cret",
            "https://host/ü",
            "https://[fe80::1%25eth0]/",
            "https://ho st/",
            "https://[::1/",
            "https://",
        ),
        *("https://host:000443/", "https://host/\x00"),
    ),
}


@pytest.mark.parametrize(("problem", "url"), [(problem, url) for problem, urls in REFUSED.items() for url in urls])
def test_any_other_form_is_refused_without_repeating_it(problem: str, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_endpoint(url, named=NAMED)
    message = str(caught.value)
    assert message.startswith(f"{NAMED} ")
    assert problem in message
    assert "s3cret" not in message


@given(st.text(alphabet="0123456789abcdefx.:-_[]%A", max_size=24))
def test_a_host_has_one_form(text: str) -> None:
    host = canonical_host(text)
    if host is None:
        return
    assert canonical_host(host) == host
    if ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
        assert str(ip_address(host)) == host
