"""Runs schemathesis, and reads from its report what it has really done."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import schemathesis

import tests.fuzz.hooks  # noqa: F401 - registers the checks
from gateway.contract.document import load_contract
from tests.contract.under_test import ContractUnderTest

ROOT = Path(__file__).parents[2]
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
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


@cache
def api_of(contract: ContractUnderTest) -> Any:
    """A contract as schemathesis has it, for requests one by one."""
    return schemathesis.openapi.from_dict(
        copy.deepcopy(contract.document), config=schemathesis.Config.from_path(CONFIGURATION)
    )


def run_schemathesis(
    layers: tuple[str, ...],
    endpoint: str,
    report: Path,
    *,
    seed: int,
    examples: int,
    options: tuple[str, ...] = (),
) -> Run:
    """Fuzz what is at an endpoint.

    Args:
        layers: Of the contract to fuzz it by.
        endpoint: Where the gateway is.
        report: The file to write the report to. The contract is written beside it.
        seed: Of everything random.
        examples: For each operation in each phase.
        options: Further ones.
    """
    contract = report.with_name("contract.yaml")
    contract.write_text(load_contract(layers).text)
    ended = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            "--config-file", CONFIGURATION, "--no-color",
            "run", contract,
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
