"""The pages name the metrics, fields, settings and files that there are."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gateway.command import main
from gateway.observing.access_log import _json_line, _text_line
from gateway.observing.metrics import Metrics
from gateway.request_context import Record
from gateway.settings import Settings
from tests.markdown import DOCS, ROOT

OPERATING = (DOCS / "operating.md").read_text()
PAGES = [
    *(page for page in DOCS.rglob("*.md") if page.parent.name != "clients"),
    ROOT / "README.md",
]
FORMAT_OF_EXPORTS = "s3gateway_export"
"""A field, and no metric."""

ROOMS = "bench|deploy|embedded_pfs|gateway|handlers|pfs_client|s3_wire|spec|tests"

named = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def metrics_there_are() -> dict[str, str]:
    """Each metric of a process, and its kind."""
    text = Metrics().exposition().decode()
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))


def test_the_table_has_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \|", OPERATING, re.MULTILINE)
    assert len(rows) == len(dict(rows))
    assert dict(rows) == metrics_there_are()


def test_the_table_has_the_labels() -> None:
    metrics = Metrics()
    labels = {
        one._name + ("_total" if one._type == "counter" else ""): set(one._labelnames)
        for one in vars(metrics).values()
        if hasattr(one, "_labelnames")
    }
    rows = re.findall(r"^\| `(s3gateway_\w+)` \| \w+ \| (.*?) \|", OPERATING, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", told)) for name, told in rows} == labels


@named
def test_every_metric_that_a_page_names_is_there(page: Path) -> None:
    there = metrics_there_are()
    histograms = {name for name, kind in there.items() if kind == "histogram"}
    samples = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    used = set(re.findall(r"\b(?:s3gateway|process)_\w+", page.read_text()))
    assert used <= there.keys() | samples | {FORMAT_OF_EXPORTS}


def test_the_table_has_every_field_of_a_line_of_the_log() -> None:
    (section,) = re.findall(r"^## The access log\n(.*?)^## ", OPERATING, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| (`.+?) \| ", section, re.MULTILINE)
    fields = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert fields == list(json.loads(_json_line(Record("id"), {"method": "GET"}, 0.1)))


def test_the_line_that_is_shown_is_one() -> None:
    (shown,) = re.findall(r"^```text\n(\d{4}-.*\n)```$", OPERATING, re.MULTILINE)
    record = Record("5D51076B84B4B13D", operation="GetObject", bucket="master.a", key="x")
    record.status, record.code, record.sent_bytes = 404, "NoSuchKey", 211
    record.pfs_calls, record.pfs_seconds = 2, 0.0007
    line = _text_line(record, {"client": ("127.0.0.1", 1)}, 0.0009)
    assert line.split(" ")[1:] == shown.split(" ")[1:]


# Of pachctl, of docker, of helm, and of the double of pachd.
OTHERS_OPTIONS = {
    "--deadly-commits",
    "--set",
    "--ttl",
    "--build-arg",
    "--env",
    "--stop-timeout",
    "--tmpfs",
}


def options_of(command: click.Command) -> Iterator[str]:
    for one in command.params:
        yield from [*one.opts, *one.secondary_opts]
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from options_of(below)


@named
def test_every_option_that_a_page_names_is_there(page: Path) -> None:
    options = {*options_of(main)}
    used = set(re.findall(r"`(--[a-z][a-z-]+)", page.read_text()))
    assert used <= options | OTHERS_OPTIONS | {"--help", "--no-"}


def commands() -> list[str]:
    """Every `s3gateway …`, and what `make run` is given, that a reader could paste."""
    found = []
    for page in PAGES:
        text = page.read_text()
        found += re.findall(r"^(?:\.venv/bin/)?s3gateway(.*)$", text, re.MULTILINE)
        found += re.findall(r"`s3gateway( [^`]*)`", text)
        found += re.findall(r"make run ARGS='?([^'`\n]*)", text)
    return sorted({command.strip() for command in found})


@pytest.mark.parametrize("command", commands())
def test_every_command_that_a_page_shows_is_accepted(command: str) -> None:
    if command in ("--help", "--version", "compact", "check"):
        return
    given = shlex.split(command.replace("--keep N", "--keep 1"))
    context = main.make_context("s3gateway", given)
    Settings(**context.params)


@named
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    for name in re.findall(rf"`((?:{ROOMS})/[\w./-]*)`", page.read_text()):
        assert (ROOT / name).exists() or name == "bench/RESULTS.md", name
