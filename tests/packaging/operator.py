"""Manifests of the Prometheus Operator, read into the operator's own types."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from tests.packaging.distributions import ROOT

KINDS = {"ServiceMonitor", "PrometheusRule"}

_PROGRAM = ROOT / ".build" / "operator" / "operator_types"

needs_operator_types = pytest.mark.skipif(not _PROGRAM.exists(), reason="it is not built: no Go")


def refusal(manifests: Iterable[dict[str, Any]]) -> str:
    """What the operator's types have against manifests; nothing if they take them."""
    done = subprocess.run(
        [_PROGRAM],
        input=yaml.safe_dump_all(manifests),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""
