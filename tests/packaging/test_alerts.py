"""The alert rules and the ServiceMonitor: about metrics, ports and labels that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.markdown import DOCS
from tests.packaging.distributions import ROOT
from tests.packaging.operator import needs_operator_types, refusal
from tests.packaging.test_dashboard import SCRAPED, labels, selectors

__all__ = ["labels"]

GROUPS = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OPERATOR = KUBERNETES / "components" / "prometheus-operator"

DURATION = re.compile(r"\d+[smh]")


def manifest(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((OPERATOR / name).read_text())
    return found


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_is_about_what_there_is(rule: dict[str, Any], labels: dict[str, set[str]]) -> None:
    asked = list(selectors(promql_parser.parse(rule["expr"])))
    assert asked
    for one in asked:
        matched = {matcher.name for matcher in one.matchers.matchers}
        assert matched <= labels[one.name] | SCRAPED, one.name


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_says_what_is_wrong_and_where(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert DURATION.fullmatch(rule.get("for", "0s"))
    shown = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    assert "instance" in shown
    grouped = re.search(r"by \(([^)]*)\)", rule["expr"])
    if grouped:  # a sum has the labels that it is summed by, and no other
        assert shown <= set(grouped[1].split(", "))


def test_the_page_has_every_alert() -> None:
    rows = re.findall(
        r"^\| `(S3Gateway\w+)` \| (\w+) \|", (DOCS / "operating.md").read_text(), re.MULTILINE
    )
    assert rows == [(rule["alert"], rule["labels"]["severity"]) for rule in RULES]


def test_every_metric_that_the_page_says_to_alert_on_has_an_alert() -> None:
    page = (DOCS / "operating.md").read_text()
    rows = re.findall(r"^\| `(s3gateway_\w+)` \|(.*)$", page, re.MULTILINE)
    said = {name for name, row in rows if "alert" in row.lower()}
    assert said >= {"s3gateway_storage_full", "s3gateway_failed_commits_total"}
    asked = {one.name for rule in RULES for one in selectors(promql_parser.parse(rule["expr"]))}
    assert said <= asked


def test_the_chart_has_the_same_alerts() -> None:
    chart = ROOT / "deploy" / "helm" / "s3gateway" / "files" / "alerts.yaml"
    assert chart.read_text() == (ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text()


def test_the_operator_has_the_same_alerts() -> None:
    rule = manifest("prometheus-rule.yaml")
    assert (rule["apiVersion"], rule["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert rule["spec"] == {"groups": GROUPS}


@needs_operator_types
def test_the_operator_takes_them() -> None:
    rule, monitor = manifest("prometheus-rule.yaml"), manifest("service-monitor.yaml")
    assert refusal([rule, monitor]) == ""
    monitor["spec"]["endpoints"][0]["intervall"] = "30s"
    assert "intervall" in refusal([rule, monitor])


def test_the_monitor_finds_the_gateway_s_metrics() -> None:
    monitor, service = manifest("service-monitor.yaml"), manifest("service.yaml")
    assert (monitor["apiVersion"], monitor["kind"]) == (
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
    )
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    assert wanted <= service["metadata"]["labels"].items()
    clients = yaml.safe_load((KUBERNETES / "base" / "service.yaml").read_text())
    assert not wanted <= clients["metadata"]["labels"].items(), "it has no such port"
    (endpoint,), (port,) = monitor["spec"]["endpoints"], service["spec"]["ports"]
    assert endpoint["port"] == port["name"]
    template = yaml.safe_load((KUBERNETES / "base" / "deployment.yaml").read_text())["spec"][
        "template"
    ]
    (container,) = template["spec"]["containers"]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports[port["targetPort"]] == port["port"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert endpoint["path"] == template["metadata"]["annotations"]["prometheus.io/path"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_all_components_go_together(tmp_path: Path) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    (tmp_path / "mine").mkdir()
    components = [f"../kubernetes/components/{one}" for one in ("tls", "token", OPERATOR.name)]
    kustomization = {"resources": ["../kubernetes/base"], "components": components}
    (tmp_path / "mine" / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    done = subprocess.run(
        ["kubectl", "kustomize", tmp_path / "mine"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    built = [document for document in yaml.safe_load_all(done.stdout) if document]
    assert len(built) == 7
    (deployment,) = [one for one in built if one["kind"] == "Deployment"]
    mounts = deployment["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    assert len(mounts) == 3
