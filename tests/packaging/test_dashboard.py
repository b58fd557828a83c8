"""The dashboard for Grafana: its questions can be asked, and the gateway's metrics answer them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.gateway.test_operation import BUCKET
from tests.packaging.distributions import ROOT
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
VARIABLES = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS = [target for panel in PANELS for target in panel["targets"]]
SCRAPED = {"instance"}
"""Labels that Prometheus adds."""
BUILT_IN = {"__rate_interval": "5m"}


def filled(expression: str) -> str:
    """An expression as Grafana sends it."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        assert name in VARIABLES or name in BUILT_IN, name
        return BUILT_IN.get(name, ".*")

    return re.sub(r"\$(\w+)", value, expression)


def selectors(node: Any) -> Iterator[Any]:
    """The vector selectors of an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    parts = ("expr", "lhs", "rhs", "vector_selector", "args", "param")
    for part in parts:
        found = getattr(node, part, None)
        for one in found if isinstance(found, list) else [found]:
            if one is not None:
                yield from selectors(one)


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The labels of each sample that a gateway has after a few requests."""
    with (
        PfsProcess(tmp_path_factory.mktemp("dashboard")) as pfs,
        GatewayProcess(pfs.address) as gateway,
    ):
        send(gateway, "PUT", f"/{BUCKET}")
        send(gateway, "PUT", f"/{BUCKET}/a", b"hello")
        send(gateway, "GET", f"/{BUCKET}/a")
        send(gateway, "GET", f"/{BUCKET}/nope")
        text = send(gateway, "GET", "/-/metrics").body.decode()
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("target", TARGETS, ids=[target["expr"] for target in TARGETS])
def test_a_question_is_about_what_there_is(target: Any, labels: dict[str, set[str]]) -> None:
    expression = filled(target["expr"])
    asked = list(selectors(promql_parser.parse(expression)))
    assert asked
    assert {one.name for one in asked} <= labels.keys()
    for one in asked:
        matched = {matcher.name for matcher in one.matchers.matchers}
        assert matched <= labels[one.name] | SCRAPED, one.name
    grouped = {
        name for names in re.findall(r"by \(([^)]*)\)", expression) for name in names.split(", ")
    }
    known = SCRAPED.union(*(labels[one.name] for one in asked))
    shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
    assert grouped <= known
    assert shown <= grouped | SCRAPED


def test_every_metric_is_shown(labels: dict[str, set[str]]) -> None:
    text = " ".join(target["expr"] for target in TARGETS)
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in labels}
    unseen = {name for name in families if name.startswith("s3gateway_") and name not in text}
    assert unseen == set()


def test_what_the_variables_ask_for_is_there(labels: dict[str, set[str]]) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((\w+)[^,]*, (\w+)\)", variable["query"]["query"])
            assert found
            assert found[2] in labels[found[1]] | SCRAPED


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        columns = range(at["x"], at["x"] + at["w"])
        cells = {(x, y) for x in columns for y in range(at["y"], at["y"] + at["h"])}
        assert max(columns) < 24
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
