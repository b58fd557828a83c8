"""Runs schemathesis, and reads from its report what it has really done."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spec

ROOT = Path(__file__).parents[2]
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True)
class Run:
    """One run that has ended."""

    status: int
    output: str
    scenarios: list[dict[str, Any]]

    def tested(self, phase: str) -> Counter[str]:
        """How many requests a phase has sent for each operation."""
        sent: Counter[str] = Counter()
        for scenario in self.scenarios:
            if scenario["phase"] != phase:
                continue
            for case in scenario["recorder"].get("cases", {}).values():
                sent[f"{case['value']['method']} {case['value']['path']}"] += 1
        return sent


def run_schemathesis(
    endpoint: str, report: Path, *, seed: int, examples: int, options: tuple[str, ...] = ()
) -> Run:
    """Fuzz what is at an endpoint.

    Args:
        endpoint: Where the gateway is.
        report: The file to write the report to.
        seed: Of everything random.
        examples: For each operation in each phase.
        options: Further ones.
    """
    ended = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            "--config-file", Path(__file__).with_name("schemathesis.toml"), "--no-color",
            "run", Path(spec.__file__).with_name("s3.yaml"),
            "--url", endpoint, "--seed", str(seed), "--max-examples", str(examples),
            "--report", "ndjson", "--report-ndjson-path", report, *options,
        ],
        cwd=report.parent,
        env={"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )  # fmt: skip
    events = [json.loads(line) for line in report.read_text().splitlines()]
    scenarios = [e["ScenarioFinished"] for e in events if "ScenarioFinished" in e]
    return Run(ended.returncode, ended.stdout, scenarios)
