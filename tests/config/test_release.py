"""``[release]``: what it may say, and that a gate reads it without any of the config's secrets."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trueup.config import load_config, load_release_settings
from trueup.model.errors import ConfigurationError
from trueup.model.settings import ReleaseSettings
from trueup.model.severity import Severity

CONFIG = 'environment = "staging"\npreset = "canonical"\n[database]\nurl = "{url}"\n[policy]\nperiod_days = 30\n'


def settings(folder: Path, more: str = "", *, url: str = "${NOT_THERE}") -> ReleaseSettings:
    path = folder / "trueup.toml"
    path.write_text(CONFIG.format(url=url) + more)
    return load_release_settings(path, known_checks=["credit-balance"])


def test_it_is_read_where_the_secrets_of_the_config_are_not_there(tmp_path: Path) -> None:
    assert settings(tmp_path) == ReleaseSettings(environment="staging", period_days=30)
    with pytest.raises(ConfigurationError, match="NOT_THERE"):
        load_config(tmp_path / "trueup.toml", {})


def test_every_key_is_taken_and_the_config_holds_the_same(tmp_path: Path) -> None:
    more = (
        '[release]\nfail_on = "critical"\nbaseline_environment = "production"\nmax_age_minutes = 5\n'
        '[release.shadow]\n"credit-balance" = 2026-12-31\n'
    )
    found = settings(tmp_path, more, url="sqlite:///app.db")
    assert found == ReleaseSettings(
        environment="staging",
        period_days=30,
        fail_on=Severity.CRITICAL,
        baseline_environment="production",
        max_age_minutes=5,
        shadow={"credit-balance": date(2026, 12, 31)},
    )
    assert load_config(tmp_path / "trueup.toml", {}, known_checks=["credit-balance"]).release == found


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[release]\nfail_on = "off"\n', 'release.fail_on in .* is not a severity; known are "info"'),
        ("[release]\nfail_at = 'error'\n", 'release.fail_at .* did you mean "fail_on"'),
        ("[release]\nmax_age_minutes = 0\n", "release.max_age_minutes .* whole number"),
        ('[release.shadow]\n"credit-balanced" = 2026-12-31\n', 'did you mean "credit-balance"'),
        ('[release.shadow]\n"credit-balance" = "soon"\n', "must be a date without quotes"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(more: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=says):
        settings(tmp_path, more)
