"""The Helm chart: taken by Helm and Kubernetes, and of one mind with the kustomize base."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import kubernetes_validate
import pytest
import yaml

from gateway.notices import notices_of
from gateway.observing.tracing import CLOSE_SECONDS
from gateway.setting_values import variable_of
from gateway.settings import Settings
from tests.packaging.distributions import ROOT
from tests.packaging.operator import KINDS, needs_operator_types, refusal

CHARTS = ROOT / "deploy" / "helm"
CHART = CHARTS / "s3gateway"
BASE = ROOT / "deploy" / "kubernetes" / "base"
HELM = ROOT / ".build" / "helm" / "helm"
RELEASES = ["1.30", "1.34", "1.37"]

EMBEDDED = ("--values", str(CHARTS / "embedded.yaml"))
ACCESS_KEYS = ("--set", "accessKeysSecret=s3gateway-access-keys")
TLS_AND_TOKEN = ("--values", str(CHARTS / "pachd-with-tls-and-token.yaml"))
EVERYTHING = (
    *("--set", "tlsSecret=certificate,settings.workers=2,settings.max_object_bytes=1GiB"),
    *("--set", "image.pullSecrets[0]=mine,service.type=NodePort,service.annotations.a=b"),
    *(
        "--set",
        "podLabels.team=a,podAnnotations.x=y,nodeSelector.disk=fast,prometheusOperator.enabled=true",
    ),
    *("--set", "tolerations[0].key=k,tolerations[0].operator=Exists"),
    *("--set-json", 'affinity={"nodeAffinity":{}}'),
    *("--set-json", 'networkPolicy.extraEgress=[{"ports":[{"port":4318}]}]'),
)
CASES: dict[str, tuple[str, ...]] = {
    "as it stands": (),
    "embedded": EMBEDDED,
    "TLS and a token": TLS_AND_TOKEN,
    "access keys": ACCESS_KEYS,
    "access keys, embedded": (*EMBEDDED, *ACCESS_KEYS),
    "everything": (*TLS_AND_TOKEN, *EVERYTHING),
    "everything, embedded": (*EMBEDDED, *EVERYTHING, "--set", "embedded.storageClass=fast"),
    "closed": ("--set-json", 'networkPolicy={"clients":[],"monitoring":[]}'),
    "open": ("--set", "networkPolicy.enabled=false,podDisruptionBudget.enabled=false"),
    "sole writer": ("--set", "pachd.replicas=1,settings.sole_writer=true"),
}

Manifests: TypeAlias = dict[str, dict[str, Any]]

pytestmark = pytest.mark.skipif(not HELM.exists(), reason="Helm is not built: no Go")
each_case = pytest.mark.parametrize("options", CASES.values(), ids=CASES)


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


def rendered(
    *options: str, release: str = RELEASES[-1], name: str = "s3gateway", chart: Path = CHART
) -> Manifests:
    """What would be applied, by its kind and name."""
    done = helm("template", name, chart, "--kube-version", release, *options)
    assert done.returncode == 0, done.stderr
    found = [document for document in yaml.safe_load_all(done.stdout) if document]
    return {f"{one['kind']} {one['metadata']['name']}": one for one in found}


def workload_of(manifests: Manifests) -> dict[str, Any]:
    (found,) = [one for one in manifests.values() if one["kind"] in ("Deployment", "StatefulSet")]
    return found


def pod_of(manifests: Manifests) -> dict[str, Any]:
    pod: dict[str, Any] = workload_of(manifests)["spec"]["template"]["spec"]
    return pod


def container_of(manifests: Manifests) -> dict[str, Any]:
    (container,) = pod_of(manifests)["containers"]
    assert isinstance(container, dict)
    return container


def settings_of(manifests: Manifests) -> Settings:
    environment = {one["name"]: one["value"] for one in container_of(manifests)["env"]}
    assert len(environment) == len(container_of(manifests)["env"])
    assert set(environment) <= {variable_of(one) for one in fields(Settings)}
    return Settings.from_environment(environment)


@each_case
def test_helm_takes_it(options: tuple[str, ...]) -> None:
    done = helm("lint", "--strict", CHART, "--kube-version", RELEASES[-1], *options)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("release", RELEASES)
@each_case
def test_kubernetes_takes_it(options: tuple[str, ...], release: str) -> None:
    manifests = rendered(*options, release=release)
    for document in manifests.values():
        if document["kind"] not in KINDS:
            kubernetes_validate.validate(document, release, strict=True)


@needs_operator_types
@each_case
def test_the_prometheus_operator_takes_it(options: tuple[str, ...]) -> None:
    manifests = rendered(*options, "--set", "prometheusOperator.enabled=true")
    assert refusal([one for one in manifests.values() if one["kind"] in KINDS]) == ""


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("replicas=3", "additional properties 'replicas' not allowed"),
        ("pfs=minio", "/pfs"),
        ("settings.host=::", "invalid propertyName 'host'"),
        ("settings.access_keys=keys.toml", "invalid propertyName 'access_keys'"),
        ("settings.Log-Level=info", "invalid propertyName 'Log-Level'"),
        ("pachd.address=pachd:30650", "/pachd/address"),
        ("settings.sole_writer=true", "several replicas are several writers"),
        ("pachd.caSecret=ca", "let pachd.address begin with grpcs://"),
    ],
)
def test_what_cannot_be_is_refused(option: str, says: str) -> None:
    done = helm("template", "x", CHART, "--kube-version", RELEASES[-1], "--set", option)
    assert done.returncode != 0
    assert says in done.stderr


def test_an_older_kubernetes_is_refused() -> None:
    assert "requires kubeVersion" in helm("template", CHART, "--kube-version", "1.29").stderr


@each_case
def test_its_settings_are_the_gateway_s(options: tuple[str, ...]) -> None:
    settings = settings_of(rendered(*options))
    anyone = [] if settings.access_keys else ["anyone"]
    assert [notice.split()[0] for notice in notices_of(settings, {})] == anyone


def test_a_large_number_stays_one(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("settings: {max_object_bytes: 5368709120, body_idle_seconds: 0.5}\n")
    settings = settings_of(rendered("--values", str(values)))
    assert (settings.max_object_bytes, settings.body_idle_seconds) == (5 * 1024**3, 0.5)


def base(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((BASE / f"{name}.yaml").read_text())
    return found


def without_labels(node: Any) -> Any:
    """A manifest without what tells whose it is, which Helm says more of."""
    if isinstance(node, dict):
        if "app.kubernetes.io/name" in node:
            return "labels"
        return {name: without_labels(child) for name, child in node.items()}
    return [without_labels(child) for child in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("deployment", "Deployment"),
        ("service", "Service"),
        ("network-policy", "NetworkPolicy"),
        ("pod-disruption-budget", "PodDisruptionBudget"),
    ],
)
def test_as_it_stands_it_is_the_kustomize_base(name: str, kind: str) -> None:
    ours, theirs = rendered()[f"{kind} s3gateway"]["spec"], base(name)["spec"]
    if kind == "Deployment":
        pod, (container,) = ours["template"]["spec"], ours["template"]["spec"]["containers"]
        del pod["securityContext"]["fsGroupChangePolicy"], container["imagePullPolicy"]
        for one in (container, *theirs["template"]["spec"]["containers"]):
            one["env"] = {variable["name"]: variable["value"] for variable in one["env"]}
    assert without_labels(ours) == without_labels(theirs)


@each_case
def test_labels_and_ports_belong_together(options: tuple[str, ...]) -> None:
    manifests = rendered(*options, name="mine")
    template = workload_of(manifests)["spec"]["template"]
    labels = template["metadata"]["labels"]
    ports = {one["name"]: one["containerPort"] for one in container_of(manifests)["ports"]}
    settings = settings_of(manifests)
    assert ports == {"s3": settings.port, "admin": settings.admin_port}
    for name, one in manifests.items():
        assert name.split()[1].startswith("mine-s3gateway")
        spec = one["spec"]
        if one["kind"] == "Service":
            assert spec["selector"].items() <= labels.items()
            assert {port["targetPort"] for port in spec["ports"]} <= set(ports)
        elif one["kind"] in ("PodDisruptionBudget", "NetworkPolicy", "Deployment", "StatefulSet"):
            selector = spec.get("selector") or spec["podSelector"]
            assert selector["matchLabels"].items() <= labels.items()


@each_case
def test_a_pod_has_time_to_end(options: tuple[str, ...]) -> None:
    for seconds in (20, 120):
        manifests = rendered(*options, "--set", f"settings.shutdown_seconds={seconds}")
        stop = container_of(manifests)["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert settings_of(manifests).shutdown_seconds == seconds
        needed = stop + 2 * seconds + CLOSE_SECONDS
        assert pod_of(manifests)["terminationGracePeriodSeconds"] >= needed


@each_case
def test_what_is_mounted_is_there_and_read_only(options: tuple[str, ...]) -> None:
    manifests = rendered(*options)
    mounts = container_of(manifests).get("volumeMounts", [])
    volumes = {volume["name"] for volume in pod_of(manifests).get("volumes", [])}
    claims = workload_of(manifests)["spec"].get("volumeClaimTemplates", [])
    assert {mount["name"] for mount in mounts} == volumes | {c["metadata"]["name"] for c in claims}
    writable = {mount["mountPath"] for mount in mounts if not mount.get("readOnly")}
    assert writable <= {"/data", "/state", "/tmp"}  # noqa: S108 - a path in the container
    settings = settings_of(manifests)
    files = (
        settings.pfs_ca_file, settings.pfs_token_file, settings.tls_cert, settings.tls_key,
        settings.access_keys,
    )  # fmt: skip
    paths = {mount["mountPath"] for mount in mounts}
    assert {str(Path(file).parent) for file in files if file} == paths - writable


def test_an_embedded_pfs_is_one_pod_with_a_volume_that_stays() -> None:
    manifests = rendered(*EMBEDDED)
    workload = workload_of(manifests)
    assert (workload["kind"], workload["spec"]["replicas"]) == ("StatefulSet", 1)
    (claim,) = workload["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"
    assert workload["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    (mount,) = container_of(manifests)["volumeMounts"]
    settings = settings_of(manifests)
    assert settings.pfs.removeprefix("embedded:").startswith(mount["mountPath"] + "/")
    assert settings.synchronous == "full"
    # It reaches nothing but names.
    (rule,) = manifests["NetworkPolicy s3gateway"]["spec"]["egress"]
    assert {port["port"] for port in rule["ports"]} == {53}


def test_access_keys_are_those_of_the_kustomize_component() -> None:
    component = ROOT / "deploy" / "kubernetes" / "components" / "access-keys" / "deployment.yaml"
    theirs = yaml.safe_load(component.read_text())["spec"]["template"]["spec"]
    manifests = rendered(*ACCESS_KEYS)
    ours, (container,) = pod_of(manifests), theirs["containers"]
    assert container["env"][0] in container_of(manifests)["env"]
    assert container["volumeMounts"][0] in container_of(manifests)["volumeMounts"]
    assert theirs["volumes"][0] in ours["volumes"]
    # The group of the pod may read the file, and others may not: else the gateway refuses it.
    assert theirs["volumes"][0]["secret"]["defaultMode"] == 0o440
    assert ours["securityContext"]["fsGroup"]


def test_nobody_gets_in_where_nobody_is_named() -> None:
    policy = rendered(*CASES["closed"])["NetworkPolicy s3gateway"]["spec"]
    assert (policy["ingress"], policy["policyTypes"]) == ([], ["Ingress", "Egress"])
    for options in CASES.values():
        rules = rendered(*options).get("NetworkPolicy s3gateway", {"spec": {"ingress": []}})
        assert all(rule["from"] for rule in rules["spec"]["ingress"])


def test_its_own_certificate_is_served_and_asked_for() -> None:
    manifests = rendered("--set", "tlsSecret=certificate,prometheusOperator.enabled=true")
    container = container_of(manifests)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["scheme"] == "HTTPS"
    (endpoint,) = manifests["ServiceMonitor s3gateway"]["spec"]["endpoints"]
    assert endpoint["scheme"] == "https"
    settings = settings_of(manifests)
    assert (settings.tls_cert, settings.tls_key) == ("/run/tls/tls.crt", "/run/tls/tls.key")


def test_the_operator_s_manifests_are_the_component_s() -> None:
    manifests = rendered(*TLS_AND_TOKEN)
    component = ROOT / "deploy" / "kubernetes" / "components" / "prometheus-operator"
    for file, name in (
        ("prometheus-rule", "PrometheusRule s3gateway"),
        ("service-monitor", "ServiceMonitor s3gateway"),
        ("service", "Service s3gateway-admin"),
    ):
        theirs = yaml.safe_load((component / f"{file}.yaml").read_text())
        assert theirs["apiVersion"] == manifests[name]["apiVersion"]
        assert without_labels(manifests[name]["spec"]) == without_labels(theirs["spec"])
    labels = manifests["Service s3gateway-admin"]["metadata"]["labels"].items()
    wanted = manifests["ServiceMonitor s3gateway"]["spec"]["selector"]["matchLabels"].items()
    assert wanted <= labels
    assert not wanted <= manifests["Service s3gateway"]["metadata"]["labels"].items()


def test_its_versions_are_the_project_s() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == version("pfs-s3-gateway")
    assert container_of(rendered())["image"].endswith(f":{chart['appVersion']}")
    own = container_of(rendered("--set", "image.tag=mine"))["image"]
    assert own.endswith(":mine")


def test_every_value_of_the_examples_is_described() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for example in CHARTS.glob("*.yaml"):
        for name, value in yaml.safe_load(example.read_text()).items():
            assert name in values
            assert not isinstance(value, dict) or set(value) <= set(values[name])


def test_defaults_that_the_chart_repeats_are_the_gateway_s() -> None:
    known = settings_of(rendered())
    ours = Settings()
    assert replace(
        known,
        host=ours.host,
        admin_port=None,
        pfs=ours.pfs,
        log_format=ours.log_format,
        state_dir=ours.state_dir,
    ) == replace(ours, log_format=ours.log_format)


def test_the_notes_say_how_to_reach_it_and_who_can(tmp_path: Path) -> None:
    chart = tmp_path / "s3gateway"
    shutil.copytree(CHART, chart)
    # Helm shows them after an installation only: here they are a manifest.
    notes = (chart / "templates" / "NOTES.txt").read_text()
    (chart / "templates" / "notes.yaml").write_text(
        f'{{{{- define "notes" -}}}}{notes}{{{{- end -}}}}\n'
        'kind: Notes\nmetadata: {name: notes}\nsays: {{ include "notes" . | toJson }}\n'
    )

    def said(*options: str) -> str:
        manifests = rendered(*options, "--namespace", "data", name="mine", chart=chart)
        return str(manifests["Notes notes"]["says"])

    assert "http://mine-s3gateway.data:30655" in said()
    assert "WARNING" not in said()
    assert "WARNING: anyone in the cluster" in said(*CASES["open"])
    assert "WARNING: a Service of type NodePort" in said("--set", "service.type=NodePort")
    assert "data-mine-s3gateway-0" in said(*EMBEDDED)
    assert "signed with a key of the Secret s3gateway-access-keys" in said(*ACCESS_KEYS)
    assert "--no-sign-request" not in said(*ACCESS_KEYS)
