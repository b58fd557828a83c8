"""The manifests in `deploy/kubernetes/`: valid, of one piece, and in words the gateway knows."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import kubernetes_validate
import pytest
import yaml

from gateway.notices import notices_of
from gateway.observing.tracing import CLOSE_SECONDS
from gateway.setting_values import variable_of
from gateway.settings import Settings
from tests.packaging.dockerfile import stages_of
from tests.raw_http import send
from tests.servers import GatewayProcess

KUBERNETES = Path(__file__).parents[2] / "deploy" / "kubernetes"
OVERLAYS = ["base", "with-access-keys", "with-token", "with-tls", "with-tls-and-token"]
COMPONENTS = ["access-keys", "token", "tls", "prometheus-operator"]
RELEASES = ["1.30", "1.32", "1.34", "1.37"]

NAME = {"app.kubernetes.io/name": "s3gateway"}


def documents(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(text) if document]


def built(overlay: str) -> dict[str, dict[str, Any]]:
    """What would be applied, by its kind."""
    if shutil.which("kubectl"):
        done = subprocess.run(
            ["kubectl", "kustomize", KUBERNETES / overlay],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return {document["kind"]: document for document in documents(done.stdout)}
    if overlay != "base":
        pytest.skip("kubectl, which puts overlays together, is not installed")
    listed = yaml.safe_load((KUBERNETES / "base" / "kustomization.yaml").read_text())["resources"]
    texts = "\n---\n".join((KUBERNETES / "base" / name).read_text() for name in listed)
    return {document["kind"]: document for document in documents(texts)}


def pod_of(manifests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return cast("dict[str, Any]", manifests["Deployment"]["spec"]["template"]["spec"])


def container_of(manifests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (container,) = pod_of(manifests)["containers"]
    return cast("dict[str, Any]", container)


def settings_of(manifests: dict[str, dict[str, Any]]) -> Settings:
    environment = {one["name"]: one["value"] for one in container_of(manifests)["env"]}
    known = {variable_of(one) for one in fields(Settings)}
    assert set(environment) <= known, "a variable that the gateway does not know"
    return Settings.from_environment(environment)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_them(overlay: str, release: str) -> None:
    manifests = built(overlay)
    assert set(manifests) == {"Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"}
    for document in manifests.values():
        kubernetes_validate.validate(document, release, strict=True)


def test_the_validation_can_fail() -> None:
    document = built("base")["Deployment"]
    document["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, RELEASES[-1], strict=True)


def test_all_files_are_listed() -> None:
    folders = [*OVERLAYS, *(f"components/{name}" for name in COMPONENTS)]
    assert {file.parent for file in KUBERNETES.rglob("*.yaml")} == {KUBERNETES / f for f in folders}
    for folder in folders:
        kustomization = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())
        patches = [patch["path"] for patch in kustomization.get("patches", ())]
        files = {file.name for file in (KUBERNETES / folder).iterdir()}
        resources = kustomization.get("resources", ())
        named = {*patches, *(name for name in resources if name != "../base")}
        assert files == named | {"kustomization.yaml"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_labels_and_ports_belong_together(overlay: str) -> None:
    manifests = built(overlay)
    deployment, service = manifests["Deployment"]["spec"], manifests["Service"]["spec"]
    assert deployment["template"]["metadata"]["labels"] == NAME
    assert deployment["selector"]["matchLabels"] == service["selector"] == NAME
    for kind in ("PodDisruptionBudget", "NetworkPolicy"):
        spec = manifests[kind]["spec"]
        assert (spec.get("selector") or spec["podSelector"])["matchLabels"] == NAME
    settings = settings_of(manifests)
    container = container_of(manifests)
    port, admin = container["ports"]
    (served,) = service["ports"]
    (allowed,), (scraped,) = (i["ports"] for i in manifests["NetworkPolicy"]["spec"]["ingress"])
    assert port["containerPort"] == served["port"] == allowed["port"] == settings.port == 30655
    assert served["targetPort"] == port["name"]
    annotations = deployment["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(settings.admin_port)
    assert admin["containerPort"] == scraped["port"] == settings.admin_port
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == admin["name"]


def test_the_pages_that_are_asked_for_are_there(tmp_path: Path) -> None:
    container = container_of(built("base"))
    paths = {container[p]["httpGet"]["path"] for p in ("startupProbe", "readinessProbe")}
    template = built("base")["Deployment"]["spec"]["template"]
    paths.add(template["metadata"]["annotations"]["prometheus.io/path"])
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert {send(gateway, "GET", path).status for path in paths} == {200}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_image_is_the_dockerfiles(overlay: str) -> None:
    manifests = built(overlay)
    pod, container = pod_of(manifests), container_of(manifests)
    image = stages_of(KUBERNETES.parents[1] / "Dockerfile", "")[-1]
    user = image.last("USER")
    assert user is not None
    context = pod["securityContext"]
    assert user.value == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert context["fsGroup"] == context["runAsGroup"]
    assert "command" not in container  # the image's own, whose options are all in the environment
    assert "args" not in container
    assert container["image"].endswith(f":{version('pfs-s3-gateway')}")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_time_to_end(overlay: str) -> None:
    manifests = built(overlay)
    stop = container_of(manifests)["lifecycle"]["preStop"]["sleep"]["seconds"]
    settings = settings_of(manifests)
    # For requests, for their commits, and for the last traces.
    needed = stop + 2 * settings.shutdown_seconds + CLOSE_SECONDS
    assert pod_of(manifests)["terminationGracePeriodSeconds"] >= needed


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_may_do_little(overlay: str) -> None:
    manifests = built(overlay)
    pod, container = pod_of(manifests), container_of(manifests)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    written = {m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")}
    assert written == {settings_of(manifests).state_dir}


TOKEN, CA, KEYS = "pfs_token_file", "pfs_ca_file", "access_keys"


@pytest.mark.parametrize(
    ("overlay", "files"),
    [
        ("with-access-keys", [KEYS]),
        ("with-token", [TOKEN]),
        ("with-tls", [CA]),
        ("with-tls-and-token", [TOKEN, CA]),
    ],
)
def test_the_overlays_point_to_what_they_mount(overlay: str, files: list[str]) -> None:
    manifests = built(overlay)
    mounts = container_of(manifests)["volumeMounts"]
    volumes = {volume["name"] for volume in pod_of(manifests)["volumes"]}
    assert volumes == {mount["name"] for mount in mounts}
    assert not any("subPath" in mount for mount in mounts)
    paths = {str(Path(getattr(settings_of(manifests), one)).parent) for one in files}
    assert paths == {mount["mountPath"] for mount in mounts if mount.get("readOnly")}
    assert settings_of(manifests).pfs.startswith("grpcs://" if CA in files else "grpc://")


def test_the_gateway_starts_without_a_notice_but_of_its_network() -> None:
    assert [one[:20] for one in notices_of(settings_of(built("with-tls-and-token")), {})] == [
        "anyone who reaches 0"
    ]


def test_with_access_keys_nobody_comes_in_without_one() -> None:
    """So there is nothing to tell; its group may read the file, and others may not."""
    manifests = built("with-access-keys")
    assert notices_of(settings_of(manifests), {}) == []
    (secret,) = [one["secret"] for one in pod_of(manifests)["volumes"] if "secret" in one]
    assert secret["defaultMode"] == 0o440
    assert pod_of(manifests)["securityContext"]["fsGroup"]


def test_the_default_is_pachd_in_the_same_namespace() -> None:
    assert settings_of(built("base")).pfs == "grpc://pachd:30650"
