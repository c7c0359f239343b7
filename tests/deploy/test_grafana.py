"""The dashboard in ``deploy/grafana``: each query returns rows from a Prometheus that scrapes a demo company."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.admin_api import REPORT, admin_api
from tests.support.chromium import served
from tests.support.databases import unavailable
from trueup.model.access import Role

DASHBOARD = Path(__file__).parents[2] / "deploy/grafana/trueup.json"
WAIT_SECONDS = 60.0
SCRAPING = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: trueup
    authorization: {{credentials_file: {token}}}
    static_configs: [{{targets: ["{target}"]}}]
"""


def queries() -> list[str]:
    """Every query of the dashboard."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def rows_of(address: str, query: str) -> list[dict[str, Any]]:
    """The rows that Prometheus answers with, NaN ones left out; none while it does not answer."""
    try:
        answer = httpx.get(f"{address}/api/v1/query", params={"query": query}, timeout=5)
    except httpx.TransportError:
        return []
    data = answer.json().get("data", {"result": []})
    return [row for row in data["result"] if row["value"][1] != "NaN"]


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.mark.slow
def test_each_query_of_the_dashboard_returns_rows(tmp_path: Path) -> None:
    program = shutil.which("prometheus")
    if program is None:
        unavailable("Prometheus is not installed: install the package prometheus")
    with admin_api(tmp_path) as api:
        api.get(REPORT)
        (tmp_path / "token").write_text(api.tokens[Role.VIEWER], encoding="utf-8")
        with served(api.app) as origin:
            config = SCRAPING.format(token=tmp_path / "token", target=origin.removeprefix("http://"))
            (tmp_path / "prometheus.yml").write_text(config, encoding="utf-8")
            address = f"127.0.0.1:{free_port()}"
            command = [program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb"]
            process = subprocess.Popen(
                [*command, f"--web.listen-address={address}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                missing = queries()
                assert len(missing) >= 10
                deadline = time.monotonic() + WAIT_SECONDS
                while missing and time.monotonic() < deadline:
                    time.sleep(0.5)
                    missing = [query for query in missing if not rows_of(f"http://{address}", query)]
                assert missing == []
            finally:
                process.terminate()
                process.wait(20)
