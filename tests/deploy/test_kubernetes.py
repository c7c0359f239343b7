"""The Kubernetes examples agree with themselves and with the program: ports, probes, names, rights, times."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import trueup
from tests.support.deployed import DEPLOY, POSTGRES, documents, loaded, variables
from tests.support.dockerfile import instructions
from trueup import __version__
from trueup.actions.serve.background import STOP_SECONDS
from trueup.channels import check_settings
from trueup.config.schedule import next_due
from trueup.model.settings import ScheduleSettings
from trueup.web import create_app
from trueup.web.access.permissions import ANYONE
from trueup.web.server import DRAIN_SECONDS, GRACE_SECONDS

FOLDER = DEPLOY / "kubernetes"
CONFIG = FOLDER / "base" / "trueup.toml"
WAYS = ("serve", "cron")
NOON = datetime(2026, 3, 1, 12)


def applied(way: str) -> Iterator[dict[str, Any]]:
    """Every object that applying this folder makes, its base's too, as the files say it."""
    (kustomization,) = documents(FOLDER / way / "kustomization.yaml")
    for resource in kustomization["resources"]:
        path = FOLDER / way / resource
        yield from applied("base") if path.is_dir() else documents(path)


def of_kind(way: str, kind: str) -> list[dict[str, Any]]:
    """The objects of one kind."""
    return [each for each in applied(way) if each["kind"] == kind]


def pods(way: str) -> Iterator[dict[str, Any]]:
    """The pod templates."""
    yield from (each["spec"]["template"] for each in of_kind(way, "Deployment"))
    yield from (each["spec"]["template"] for each in of_kind(way, "Job"))
    yield from (each["spec"]["jobTemplate"]["spec"]["template"] for each in of_kind(way, "CronJob"))


EVERY_POD = [pytest.param(pod, id=f"{way}-{number}") for way in WAYS for number, pod in enumerate(pods(way))]
(DEPLOYMENT,) = of_kind("serve", "Deployment")
(SERVED,) = DEPLOYMENT["spec"]["template"]["spec"]["containers"]


def test_the_config_loads_and_keeps_its_memory_where_replicas_share_it(tmp_path: Path) -> None:
    config = loaded(CONFIG, tmp_path)
    assert config.store_url == config.repair_url == POSTGRES
    assert config.literal_secrets == ()
    check_settings(config.alerts)


@pytest.mark.parametrize("folder", [*WAYS, "base"])
def test_every_file_of_a_folder_is_applied(folder: str) -> None:
    (kustomization,) = documents(FOLDER / folder / "kustomization.yaml")
    named = {*kustomization["resources"], *kustomization.get("configMapGenerator", [{"files": []}])[0]["files"]}
    there = {path.name for path in (FOLDER / folder).iterdir()} - {"kustomization.yaml"}
    assert named - {"../base"} == there


@pytest.mark.parametrize("way", WAYS)
def test_the_image_is_this_version(way: str) -> None:
    (kustomization,) = documents(FOLDER / way / "kustomization.yaml")
    (image,) = kustomization["images"]
    assert image["newTag"] == __version__
    assert {container["image"] for pod in pods(way) for container in pod["spec"]["containers"]} == {image["name"]}


@pytest.mark.parametrize("pod", EVERY_POD)
def test_a_pod_has_no_more_rights_than_it_needs(pod: dict[str, Any]) -> None:
    user, group = next(each for each in instructions(DEPLOY.parent / "Dockerfile") if each.name == "USER").value.split(
        ":"
    )
    assert pod["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user),
        "runAsGroup": int(group),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod["spec"].keys()
    for container in pod["spec"]["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("pod", EVERY_POD)
def test_a_pod_finds_its_config_its_secrets_and_a_place_to_write(pod: dict[str, Any]) -> None:
    (container,) = pod["spec"]["containers"]
    (base,) = documents(FOLDER / "base" / "kustomization.yaml")
    (generated,) = base["configMapGenerator"]
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    assert len(mounts) == len(volumes)
    assert mounts["/etc/trueup"]["configMap"] == {"name": generated["name"]}
    assert generated["files"] == [CONFIG.name]
    assert "emptyDir" in mounts["/tmp"]  # noqa: S108 - inside the pod
    assert container["envFrom"] == [{"secretRef": {"name": "trueup"}}]
    assert variables(CONFIG) == {"DATABASE_URL", "TRUEUP_REPAIR_URL", "TRUEUP_STORE_URL"}
    (account,) = of_kind("serve", "ServiceAccount")
    assert pod["spec"]["serviceAccountName"] == account["metadata"]["name"]


@pytest.mark.parametrize("pod", EVERY_POD)
def test_a_pod_runs_a_command_that_exists_with_options_that_it_has(pod: dict[str, Any], tmp_path: Path) -> None:
    (container,) = pod["spec"]["containers"]
    words = [word for word in container["args"] if not word.startswith("--")]
    words = words[: 2 if words[0] == "alerts" else 1]
    shown = trueup(*words, "--help", cwd=tmp_path)
    assert shown.code == 0, shown.err
    for option in (word for word in container["args"] if word.startswith("--")):
        assert option in shown.out


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_asks_a_route_that_anybody_may_ask_at_the_port_that_is_served(probe: str, tmp_path: Path) -> None:
    config = loaded(CONFIG, tmp_path)
    open_to_all = {route.path for route in create_app(config).state.routes if route.permission in ANYONE}
    asked = SERVED[probe]["httpGet"]
    assert asked["path"] in open_to_all
    (port,) = SERVED["ports"]
    assert (asked["port"], port["containerPort"]) == (port["name"], config.server.port)


def test_readiness_looks_at_the_store_and_liveness_does_not() -> None:
    assert SERVED["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert SERVED["livenessProbe"]["httpGet"]["path"] == SERVED["startupProbe"]["httpGet"]["path"] == "/healthz"


def test_readiness_is_gone_before_the_server_takes_no_more_requests() -> None:
    probe = SERVED["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < DRAIN_SECONDS


def test_a_pod_is_given_the_time_to_stop() -> None:
    patience = DEPLOYMENT["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert patience > DRAIN_SECONDS + GRACE_SECONDS + STOP_SECONDS


def test_service_budget_and_policy_choose_the_pods_of_the_deployment() -> None:
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"].items()
    (service,), (budget,), (policy,) = (
        of_kind("serve", kind) for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy")
    )
    chosen = [
        DEPLOYMENT["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        budget["spec"]["selector"]["matchLabels"],
        policy["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels for selector in chosen)
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] == SERVED["ports"][0]["name"]
    assert budget["spec"]["minAvailable"] < DEPLOYMENT["spec"]["replicas"]


def test_a_request_is_never_sent_to_a_pod_that_only_audits() -> None:
    (service,) = of_kind("serve", "Service")
    for pod in pods("cron"):
        assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()


@pytest.mark.parametrize("pod", EVERY_POD)
def test_the_network_policy_holds_for_every_pod(pod: dict[str, Any]) -> None:
    (policy,) = of_kind("cron", "NetworkPolicy")
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_the_network_policy_lets_in_to_the_api_alone_and_out_to_no_metadata_service() -> None:
    (policy,) = of_kind("serve", "NetworkPolicy")
    (into,) = policy["spec"]["ingress"]
    assert [port["port"] for port in into["ports"]] == [SERVED["ports"][0]["containerPort"]]
    metadata = ipaddress.ip_address("169.254.169.254")
    for rule in policy["spec"]["egress"]:
        for block in (place["ipBlock"] for place in rule["to"] if "ipBlock" in place):
            inside = metadata in ipaddress.ip_network(block["cidr"])
            assert not inside or any(metadata in ipaddress.ip_network(left_out) for left_out in block["except"])


def test_audits_do_not_overlap_and_are_as_often_as_the_heartbeat_expects(tmp_path: Path) -> None:
    jobs = {each["metadata"]["name"]: each["spec"] for each in of_kind("cron", "CronJob")}
    assert {job["concurrencyPolicy"] for job in jobs.values()} == {"Forbid"}
    audit, config = jobs["trueup-audit"], loaded(CONFIG, tmp_path)
    moments = [next_due(ScheduleSettings(cron=audit["schedule"]), after=NOON)]
    moments.append(next_due(ScheduleSettings(cron=audit["schedule"]), after=moments[0] or NOON))
    assert moments == [next_due(config.schedule, after=NOON), next_due(config.schedule, after=moments[0] or NOON)]
    assert audit["jobTemplate"]["spec"]["activeDeadlineSeconds"] < (config.schedule.every_minutes or 0) * 60


def test_findings_and_a_wrong_config_are_not_tried_again_and_what_could_not_check_is() -> None:
    (audit,) = [each for each in of_kind("cron", "CronJob") if each["metadata"]["name"] == "trueup-audit"]
    job = audit["spec"]["jobTemplate"]["spec"]
    (rule,) = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
    assert rule["onExitCodes"] == {"containerName": "trueup", "operator": "In", "values": [1, 2]}
    assert job["backoffLimit"] > 0
    assert job["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("way", WAYS)
def test_kustomize_builds_what_the_files_say(way: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("NOT TESTED: no kubectl on this machine, so the kustomizations were only read")
    built = subprocess.run([kubectl, "kustomize", FOLDER / way], capture_output=True, text=True, check=True)
    objects = list(yaml.safe_load_all(built.stdout))
    assert sorted(each["kind"] for each in objects) == sorted([*(each["kind"] for each in applied(way)), "ConfigMap"])
    (config,) = [each for each in objects if each["kind"] == "ConfigMap"]
    assert config["data"] == {CONFIG.name: CONFIG.read_text("utf-8")}
    assert config["metadata"]["name"] in built.stdout.replace(f"name: {config['metadata']['name']}", "", 1)
