"""An account's statement over the API: as the command has it, for those who may see everything of the account."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest

from tests.support.admin_api import AdminApi
from tests.support.api import is_problem
from trueup.model.access import Role

ACCOUNTS = "/api/v1/accounts"


@pytest.mark.slow
def test_a_hand_edited_balance_is_the_difference_at_the_end(api: AdminApi) -> None:
    (finding, *_) = [issue for issue in api.issues() if issue["check"] == "credit-balance"]
    statement = api.get(f"{ACCOUNTS}/{finding['subject']}/statement").json()
    assert (statement["accountId"], statement["addsUp"]) == (finding["subject"], False)
    moved = sum(
        Decimal(line["credits"]) + Decimal(line["unexplained"]) for line in statement["lines"] if line["posted"]
    )
    assert Decimal(statement["opening"]) + moved == Decimal(statement["closing"])
    assert Decimal(statement["closing"]) + Decimal(statement["unexplainedAtTheEnd"]) == Decimal(statement["shown"])
    assert api.get(f"{ACCOUNTS}/{quote(statement['email'])}/statement").json()["lines"] == statement["lines"]


@pytest.mark.parametrize("named", ["user_none", "a/b", "%3Cscript%3E", "'; DROP TABLE users; --"])
def test_an_unknown_account_is_not_found(api: AdminApi, named: str) -> None:
    assert is_problem(api.get(f"{ACCOUNTS}/{quote(named, safe='%')}/statement"), 404)


def test_a_viewer_sees_no_statement(api: AdminApi) -> None:
    assert is_problem(api.get(f"{ACCOUNTS}/user_000001/statement", role=Role.VIEWER), 403)
