"""The app's database goes away while the server runs: 503, whatever kind it is, and as before when it is back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.api import token_for
from tests.support.ledger_app import made
from tests.support.serving import Served, serving
from trueup.cli.options import utc_now
from trueup.model.access import Role
from trueup.store import open_store

REPORT = "/api/admin/billing-assurance?periodDays=30"


def config_for(folder: Path, url: str, relations: str = "") -> None:
    text = (folder / "trueup.toml").read_text()
    head = text[: text.index("[database]")]
    (folder / "trueup.toml").write_text(
        f'{head}\n[database]\nurl = "{url}"\nrepair_url = "sqlite:///{folder}/app.db"\n{relations}'
    )


def answers(served: Served, token: str) -> list[httpx.Response]:
    headers = {"Authorization": f"Bearer {token}"}
    order = {"issueId": "credit-balance:user_1", "reason": "to see what happens"}
    return [
        served.get(REPORT, token=token),
        httpx.post(f"{served.address}/api/admin/billing-assurance", json=order, headers=headers, timeout=60),
    ]


def moved(path: Path) -> Callable[[], object]:
    away = path.with_name(f"{path.name}-away")
    shutil.move(path, away)
    return lambda: shutil.move(away, path)


@pytest.mark.slow
def test_a_sqlite_file_that_was_moved_is_503_until_it_is_back(tmp_path: Path) -> None:
    made(tmp_path, users=[("user_1", "FREE", 3)])
    config_for(tmp_path, f"sqlite:///{tmp_path}/app.db")
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as store:
        token = token_for(store, Role.SUPER_ADMIN, now=utc_now())
    with serving(tmp_path) as served:
        back = moved(tmp_path / "app.db")
        for answer in answers(served, token):
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), answer.text
        assert not (tmp_path / "app.db").exists()
        back()
        assert served.get(REPORT, token=token).status_code == 200


@pytest.mark.slow
def test_a_folder_of_files_that_is_gone_is_503(tmp_path: Path) -> None:
    made(tmp_path)
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "users.csv").write_text("id,email,role,plan,credits\nu1,a@example.com,user,FREE,1\n")
    relations = """[relations.account]
table = "users"
columns = { account_id = "id", email = "email", plan = "plan", credits = "credits" }
[plans.FREE]
rank = 0
"""
    text = f'[stripe]\nenabled = false\n[gates]\nenabled = false\n[database]\nurl = "{rows}"\n{relations}'
    (tmp_path / "trueup.toml").write_text(text)
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as store:
        token = token_for(store, Role.SUPER_ADMIN, now=utc_now())
    with serving(tmp_path) as served:
        back = moved(rows)
        answer = served.get(REPORT, token=token)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), answer.text
        back()
        assert served.get(REPORT, token=token).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_503(tmp_path: Path, scheme: str) -> None:
    made(tmp_path)
    config_for(tmp_path, f"{scheme}://app:hunter2@127.0.0.1:1/app")
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as store:
        token = token_for(store, Role.SUPER_ADMIN, now=utc_now())
    with serving(tmp_path) as served:
        answer = served.get(REPORT, token=token)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), answer.text
        assert "hunter2" not in "".join(served.lines)


@pytest.mark.slow
def test_a_store_that_was_moved_is_503_and_no_empty_one_appears(tmp_path: Path) -> None:
    made(tmp_path)
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as store:
        token = token_for(store, Role.SUPER_ADMIN, now=utc_now())
    with serving(tmp_path) as served:
        assert served.get("/api/v1/runs", token=token).status_code == 200
        back = moved(tmp_path / "trueup.db")
        for path in ("/readyz", "/api/v1/runs", REPORT):
            answer = served.get(path, token=token)
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), (path, answer.text)
        assert served.get("/healthz").status_code == 200
        assert not (tmp_path / "trueup.db").exists()
        back()
        assert served.get("/api/v1/runs", token=token).status_code == 200
