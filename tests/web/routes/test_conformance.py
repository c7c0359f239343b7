"""The server against its own OpenAPI document: schemathesis, every check on, as each role, over a real socket."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.admin_api import REPORT, demo_company
from tests.support.api import token_for
from tests.support.command import environment
from tests.support.serving import Served, serving
from tests.support.thoroughness import IS_THOROUGH, TURN, tried
from trueup.model.access import Role
from trueup.store import open_store

ROOT = Path(__file__).parents[3]
CONFIG = Path(__file__).parent / "schemathesis.toml"
SECONDS = "60"
"""How long an answer may take. It is no promise: where other processes have the processors, an audit waits for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A server of its own process, and a token of each role."""

    served: Served
    tokens: dict[Role, str]

    def answers(self) -> dict[str, int]:
        """How many answers of each status it has given."""
        answer = self.served.get("/metrics", token=self.tokens[Role.ADMIN])
        assert answer.status_code == 200, answer.text
        counts: dict[str, int] = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                if sample.name == "trueup_requests_total":
                    status = sample.labels["status"]
                    counts[status] = counts.get(status, 0) + round(sample.value)
        return counts


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A served demo company, its journal installed, that was audited once."""
    folder = tmp_path_factory.mktemp("live")
    company = demo_company(folder)
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_store(company.config.store_url) as store:
        tokens = {role: token_for(store, role, now=now, days=1) for role in Role}
    with serving(folder, PLACE=company.config.database_url) as served:
        made = Live(served=served, tokens=tokens)
        assert served.get(REPORT, token=tokens[Role.ADMIN]).status_code == 200
        yield made


def conforming(live: Live, role: Role, folder: Path, *options: str) -> int:
    """Let schemathesis try to find what the document does not say; how many cases it tried."""
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(CONFIG), "run"]
    ran = subprocess.run(
        [
            *command,
            f"{live.served.address}/openapi.json",
            *(
                "--header",
                f"Authorization: Bearer {live.tokens[role]}",
                "--checks",
                "all",
                "--suppress-health-check",
                "all",
            ),
            *("--request-timeout", SECONDS, "--max-response-time", SECONDS, "--continue-on-failure", *options),
        ],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), TOKENS_IN_USE=" ".join(t.split("_")[1] for t in live.tokens.values())),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    found = re.search(r"(\d+) generated", ran.stdout)
    assert found is not None, ran.stdout
    return int(found[1])


@pytest.mark.slow
def test_some_hundred_cases_break_nothing(live: Live, tmp_path: Path) -> None:
    cases = conforming(live, Role.ADMIN, tmp_path, "--phases", "fuzzing", "--max-examples", "6", "--seed", "7")
    assert cases >= 100
    assert not [status for status in live.answers() if status.startswith("5")]


@pytest.mark.slow
def test_thousands_of_cases_break_nothing_whoever_asks(live: Live, tmp_path: Path) -> None:
    options = ("--max-examples", str(tried(42, 10)), "--seed", str(TURN if IS_THOROUGH else 1))
    cases = sum(conforming(live, role, tmp_path, *options) for role in Role)
    answers = live.answers()
    assert cases >= tried(5000, 1500)
    assert not [status for status in answers if status.startswith("5")]
    # Something was really tried: not everything was refused.
    assert answers["200"] > tried(500, 150)
    assert answers["201"] > tried(10, 2)
