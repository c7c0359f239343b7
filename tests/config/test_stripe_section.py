"""``[stripe]``: what it may say, and where what is read is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueup.config import Config, load_config
from trueup.model.errors import ConfigurationError

PLAIN = """
preset = "canonical"
[database]
url = "sqlite:///app.db"
"""


def loaded(folder: Path, stripe: str, *, more: str = "") -> Config:
    """The config with this section."""
    path = folder / "trueup.toml"
    path.write_text(f"{PLAIN}{more}[stripe]\n{stripe}\n", encoding="utf-8")
    return load_config(path, {"KEY": "rk_live_abc"})


def test_the_key_is_a_reference_and_never_shown(tmp_path: Path) -> None:
    """A key in plain sight is one of the literal secrets."""
    config = loaded(tmp_path, 'api_key = "${KEY}"')
    assert config.stripe.api_key == "rk_live_abc"
    assert "rk_live_abc" not in repr(config)
    assert config.literal_secrets == ()
    assert loaded(tmp_path, 'api_key = "rk_live_123"').literal_secrets == ("stripe.api_key",)


def test_a_business_without_stripe_has_no_key(tmp_path: Path) -> None:
    """``enabled = false`` goes before it."""
    assert loaded(tmp_path, 'enabled = false\napi_key = "${KEY}"').stripe.api_key is None


@pytest.mark.parametrize(
    ("stripe", "says"),
    [
        ('api_base = "http://api.stripe.com"', "must begin with https://"),
        ('api_base = "http://10.0.0.1"', "must begin with https://"),
        ('api_base = "ftp://127.0.0.1"', "must begin with https://"),
        ('api_base = "https://user@proxy.example.com"', "must be only an address"),
        ('account = "1AbC"', "must be the id of an account"),
        ("requests_per_second = 26", "must be a whole number from 1 to 25"),
        ("since_days = 30", "must be a whole number from 31"),
        ("full_sweep_hours = 601", "must be a whole number from 0 to 600"),
        ('api_keys = "x"', "did you mean"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path: Path, stripe: str, says: str) -> None:
    """With the key's name."""
    with pytest.raises(ConfigurationError, match=says):
        loaded(tmp_path, stripe)


@pytest.mark.parametrize("address", ["https://proxy.example.com/", "http://127.0.0.1:1234", "http://[::1]:1"])
def test_an_address_may_be_secure_or_this_machine(tmp_path: Path, address: str) -> None:
    """And is kept without a slash at its end."""
    assert loaded(tmp_path, f'api_base = "{address}"').stripe.api_base == address.rstrip("/")


def test_what_was_read_is_kept_beside_the_store(tmp_path: Path) -> None:
    """Or beside the config, where the store is a server; or where it is said; or not at all."""
    assert loaded(tmp_path, "").stripe.cache_folder == tmp_path.as_posix()
    store = '[store]\nurl = "sqlite:////var/lib/trueup/memory.db"\n'
    assert loaded(tmp_path, "", more=store).stripe.cache_folder == "/var/lib/trueup"
    server = '[store]\nurl = "postgresql://db/trueup"\n'
    assert loaded(tmp_path, "", more=server).stripe.cache_folder == tmp_path.as_posix()
    assert loaded(tmp_path, 'cache = "/srv/cache"').stripe.cache_folder == "/srv/cache"
    assert loaded(tmp_path, 'cache = "off"').stripe.cache_folder is None
