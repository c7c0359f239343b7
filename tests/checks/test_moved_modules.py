"""A check that was written for an earlier trueup is loaded as it is."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from trueup.actions.checks import full_catalogue
from trueup.checks.moved_modules import MOVED, former_names
from trueup.derived import DERIVED
from trueup.derived.ledger import ACCOUNT_TOTAL
from trueup.derived.subscriptions import EXCUSING

OWN = '''"""Every account has an e-mail address."""

from trueup.model.check import Case, Check
from trueup.model.derived_subscriptions import EXCUSING
from trueup.model.finding import Area
from trueup.model.relations import Account
from trueup.model.severity import Severity

CHECK = Check(
    id="without-address",
    area=Area.CREDITS,
    severity=Severity.WARNING,
    title="Account without an e-mail address",
    why=" ".join(EXCUSING),
    population="SELECT count(*) FROM account",
    violations="SELECT account_id AS subject FROM account WHERE email IS NULL",
    message="{subject} has no e-mail address.",
    cases=(
        Case(name="it has one", given=(Account(account_id="a", email="a@b.example"),)),
        Case(name="it has none", given=(Account(account_id="a", email=None),), fires=("a",)),
    ),
)
'''


@pytest.fixture(autouse=True)
def _not_imported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in MOVED:
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_check_of_an_earlier_version_is_loaded_and_its_file_is_warned(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    own = tmp_path / "checks" / "without_address.py"
    own.write_text(OWN)
    with pytest.warns(DeprecationWarning, match="is trueup.derived.subscriptions now") as warned:
        catalogue = full_catalogue(tmp_path / "trueup.toml")
    (check,) = (check for check in catalogue if check.id == "without-address")
    assert check.why == " ".join(EXCUSING)
    assert [Path(warning.filename) for warning in warned] == [own]


@pytest.mark.parametrize("name", MOVED)
def test_every_former_name_holds_what_it_held(name: str) -> None:
    with former_names(), pytest.warns(DeprecationWarning, match=name):
        module = importlib.import_module(name)
    for place in MOVED[name]:
        public = {word for word in vars(importlib.import_module(place)) if not word.startswith("_")}
        assert public <= vars(module).keys()


def test_the_relations_of_the_ledger_are_the_same_objects() -> None:
    with former_names(), pytest.warns(DeprecationWarning, match="ledger now"):
        module = importlib.import_module("trueup.model.derived")
    assert module.ACCOUNT_TOTAL is ACCOUNT_TOTAL
    assert module.DERIVED is DERIVED


def test_a_former_name_is_known_only_while_checks_are_loaded() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("trueup.model.derived_owed")
