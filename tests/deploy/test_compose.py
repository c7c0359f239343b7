"""The compose file: what it mounts is there, what it promises about rights it says, and its config loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.deployed import DEPLOY, POSTGRES, ROOT, documents, loaded, secret_files
from tests.support.dockerfile import instructions
from trueup import __version__
from trueup.actions.serve.background import STOP_SECONDS
from trueup.channels import check_settings
from trueup.web.server import DRAIN_SECONDS, GRACE_SECONDS

CONFIG = DEPLOY / "trueup.toml"
(COMPOSE,) = documents(DEPLOY / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_its_config_loads_and_keeps_its_memory_in_postgres(tmp_path: Path) -> None:
    config = loaded(CONFIG, tmp_path)
    assert config.store_url == config.repair_url == POSTGRES
    assert config.literal_secrets == ()
    assert config.schedule.every_minutes
    check_settings(config.alerts)


def test_the_secrets_of_the_config_are_those_that_are_mounted() -> None:
    mounted = {f"/run/secrets/{name}" for name in SERVICES["trueup"]["secrets"]}
    assert secret_files(CONFIG) == mounted
    wanted = {name for service in SERVICES.values() for name in service["secrets"]}
    assert COMPOSE["secrets"] == {name: {"file": f"secrets/{name}"} for name in wanted}


def test_no_secret_stands_in_the_file_or_goes_through_the_environment() -> None:
    assert SERVICES["store"]["environment"] == {
        "POSTGRES_USER": "trueup",
        "POSTGRES_DB": "trueup",
        "POSTGRES_PASSWORD_FILE": "/run/secrets/store_password",
    }
    assert "environment" not in SERVICES["trueup"]
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & service.keys()
    assert service.get("user", "10001:10001").partition(":")[0] != "0"
    assert any(place.partition(":")[0] == "/tmp" for place in service["tmpfs"])  # noqa: S108 - inside the container


def test_images_are_pinned_by_version() -> None:
    assert SERVICES["trueup"]["image"] == f"trueup:{__version__}"
    assert SERVICES["store"]["image"].startswith("postgres:17.")


def test_what_is_built_and_mounted_exists() -> None:
    assert (DEPLOY / SERVICES["trueup"]["build"]["context"] / "Dockerfile").resolve() == ROOT / "Dockerfile"
    (volume,) = SERVICES["trueup"]["volumes"]
    here, there, mode = volume.split(":")
    assert ((DEPLOY / here).resolve(), mode) == (CONFIG, "ro")
    environment = next(each for each in instructions(ROOT / "Dockerfile") if each.name == "ENV")
    assert f"TRUEUP_CONFIG={there}" in environment.words


def test_the_api_is_published_on_loopback_alone_at_the_port_that_is_served(tmp_path: Path) -> None:
    port = loaded(CONFIG, tmp_path).server.port
    assert SERVICES["trueup"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "ports" not in SERVICES["store"]


def test_only_trueup_reaches_the_store_and_the_store_reaches_nothing() -> None:
    assert SERVICES["store"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name, service in SERVICES.items() if "inside" in service["networks"]] == ["trueup", "store"]


def test_it_waits_for_a_healthy_store_and_is_given_the_time_to_stop() -> None:
    assert SERVICES["trueup"]["depends_on"] == {"store": {"condition": "service_healthy"}}
    assert SERVICES["store"]["healthcheck"]["test"][0] == "CMD"
    assert int(SERVICES["trueup"]["stop_grace_period"].rstrip("s")) > DRAIN_SECONDS + GRACE_SECONDS + STOP_SECONDS


def test_the_container_is_larger_than_the_audit_in_it_and_its_snapshot(tmp_path: Path) -> None:
    (place,) = SERVICES["trueup"]["tmpfs"]
    snapshot = int(place.partition("size=")[2].rstrip("g"))
    assert loaded(CONFIG, tmp_path).memory_limit == "1GiB"
    assert int(SERVICES["trueup"]["mem_limit"].rstrip("g")) > snapshot + 1
