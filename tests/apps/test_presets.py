"""A framework's preset finds what was planted in an app with that framework's tables, and init names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.apps.others import DELTA, PAY, SUPABASE
from tests.apps.rows import App, written
from tests.apps.ten import AUTOGPT, BETTERAUTH, LARAVEL, OPENSAAS, SAASSTARTER
from tests.support.command import trueup
from trueup.config.preset import preset_named, preset_names

PLANS = (
    '[plans.BASIC]\nrank = 1\n[plans.PRO]\nrank = 2\n[relations.account.values.plan]\nBASIC = ["basic"]\nPRO = ["pro"]'
)
APPS = {
    "autogpt-platform": (AUTOGPT, "", {"credit-balance", "ledger-break", "paid-without-customer"}),
    "better-auth-stripe": (BETTERAUTH, PLANS, {"paid-without-customer", "shared-customer"}),
    "laravel-cashier": (LARAVEL, "", {"ledger-break", "paid-without-customer", "negative-balance"}),
    "nextjs-saas-starter": (SAASSTARTER, "", {"paid-without-customer"}),
    "rails-pay": (PAY, "", {"shared-customer"}),
    "supabase-starter": (SUPABASE, "", {"paid-without-customer"}),
    "wasp-open-saas": (OPENSAAS, "", {"paid-without-customer", "negative-balance"}),
}


def test_every_framework_s_preset_has_an_app_here() -> None:
    assert sorted(APPS) == [name for name in preset_names() if preset_named(name).recognised_by]


@pytest.mark.parametrize("name", APPS)
def test_the_preset_alone_finds_what_was_planted(name: str, sqlite_url: str, tmp_path: Path) -> None:
    app, plans, faults = APPS[name]
    loud = findings(app, f'preset = "{name}"\n', plans, sqlite_url, tmp_path)
    assert loud == faults


def findings(app: App, preset: str, plans: str, url: str, folder: Path) -> set[str]:
    written(app, url)
    off = "[stripe]\nenabled = false\n[gates]\nenabled = false\n"
    (folder / "trueup.toml").write_text(f'{preset}[database]\nurl = "${{DATABASE_URL}}"\n{off}{plans}\n')
    ran = trueup("audit", "--format", "json", "--no-store", cwd=folder, DATABASE_URL=url)
    assert ran.out.startswith("{"), ran.err
    report = json.loads(ran.out)
    return {issue["check"] for issue in report["issues"] if issue["severity"] in ("critical", "error")}


@pytest.mark.parametrize("name", APPS)
def test_init_names_the_preset_and_what_of_it_is_missing(name: str, sqlite_url: str, tmp_path: Path) -> None:
    written(APPS[name][0], sqlite_url)
    assert trueup("init", sqlite_url, "--no-audit", cwd=tmp_path).code == 0
    text = (tmp_path / "trueup.toml").read_text()
    assert f'# preset = "{name}"' in text
    if name == "laravel-cashier":
        assert "# of this preset: relations.ledger_entry.columns.reason" in text, text[:900]


def test_init_names_no_preset_of_another_app(sqlite_url: str, tmp_path: Path) -> None:
    written(DELTA, sqlite_url)
    trueup("init", sqlite_url, "--no-audit", cwd=tmp_path)
    assert "preset" not in (tmp_path / "trueup.toml").read_text()
