"""log, cat, restore, branch and commit, beside a gateway that serves the same PFS."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.markdown import DOCS
from tests.raw_http import send
from tests.servers import GatewayProcess

BUCKET = "master.kept"


def run(gateway: GatewayProcess, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "--pfs", gateway.pfs, *arguments],
        capture_output=True,
        timeout=120,
        check=False,
    )


def said(gateway: GatewayProcess, *arguments: str) -> str:
    done = run(gateway, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def told(gateway: GatewayProcess, *arguments: str) -> list[Any]:
    return [json.loads(line) for line in said(gateway, *arguments, "--json").splitlines()]


def refused(gateway: GatewayProcess, *arguments: str) -> str:
    done = run(gateway, *arguments)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.decode().strip().splitlines()
    return line


def put(gateway: GatewayProcess, key: str, body: bytes, bucket: str = BUCKET) -> None:
    assert send(gateway, "PUT", f"/{bucket}/{key}", body).status == 200


def delete(gateway: GatewayProcess, key: str) -> None:
    assert send(gateway, "DELETE", f"/{BUCKET}/{key}").status == 204


def get(gateway: GatewayProcess, key: str, bucket: str = BUCKET) -> bytes | int:
    answer = send(gateway, "GET", f"/{bucket}/{key}")
    return answer.body if answer.status == 200 else answer.status


@pytest.fixture
def kept(own_gateway: GatewayProcess) -> GatewayProcess:
    assert send(own_gateway, "PUT", f"/{BUCKET}").status == 200
    for key, body in (("raw/a", b"one"), ("raw/empty", b""), ("rawer", b"r"), ("raw/a", b"two")):
        put(own_gateway, key, body)
    return own_gateway


def test_log_and_cat_tell_what_was(kept: GatewayProcess) -> None:
    before = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    delete(kept, "raw/a")
    entries = told(kept, "log", f"{BUCKET}/raw/")
    assert [[(c["key"], c["what"]) for c in entry["changes"]] for entry in entries] == [
        [("raw/a", "deleted")],
        [("raw/a", "replaced")],
        [("raw/empty", "added")],
        [("raw/a", "added")],
    ]
    lines = said(kept, "log", BUCKET, "--files", "--number", "2").splitlines()
    assert lines[0].startswith(entries[0]["commit"])
    assert [line[2:] for line in lines if line.startswith("  ")] == ["- raw/a", "~ raw/a"]
    first = entries[-1]["commit"]
    assert run(kept, "cat", f"{BUCKET}/raw/a", "--at", first[:12]).stdout == b"one"
    assert run(kept, "cat", f"{BUCKET}/raw/a", "--at", before).stdout == b"two"
    deleting = entries[0]["commit"] + "~"
    assert run(kept, "cat", f"{BUCKET}/raw/a", "--at", deleting).stdout == b"two"
    (was,) = told(kept, "cat", f"{BUCKET}/raw/a", "--at", first)
    assert (was["size_bytes"], was["commit"]) == (3, first)
    assert "was not a file" in refused(kept, "cat", f"{BUCKET}/raw", "--at", first)
    assert "had no commit yet" in refused(kept, "cat", f"{BUCKET}/raw/a", "--at", "2020-01-01")


def test_a_deleted_folder_comes_back_as_one_commit(kept: GatewayProcess) -> None:
    (newest,) = told(kept, "log", BUCKET, "--number", "1")
    at = newest["commit"]
    put(kept, "raw/new", b"n")
    delete(kept, "raw/a")
    delete(kept, "raw/empty")
    put(kept, "rawer", b"changed")
    arguments = ("restore", f"{BUCKET}/raw", "--at", at)
    (dry,) = told(kept, *arguments, "--dry-run")
    assert (dry["added"], dry["replaced"], dry["removed"]) == (["raw/a", "raw/empty"], [], [])
    assert get(kept, "raw/a") == 404
    assert "2 added" in said(kept, *arguments)
    found = [get(kept, key) for key in ("raw/a", "raw/empty", "raw/new", "rawer")]
    assert found == [b"two", b"", b"n", b"changed"]
    (last,) = told(kept, "log", BUCKET, "--number", "1")
    assert [change["key"] for change in last["changes"]] == ["raw/a", "raw/empty"]
    (exact,) = told(kept, "restore", BUCKET, "--at", at, "--exact")
    assert (exact["replaced"], exact["removed"]) == (["rawer"], ["raw/new"])
    assert get(kept, "rawer") == b"r"
    assert get(kept, "raw/new") == 404
    assert "nothing to do" in said(kept, "restore", BUCKET, "--at", at, "--exact")


def test_the_page_s_first_lines_bring_a_deleted_folder_back(kept: GatewayProcess) -> None:
    page = (DOCS / "history.md").read_text()
    lines = page.split("```sh\n", 1)[1].split("\n```", 1)[0].splitlines()
    assert len(lines) == 3
    for name in ("cat", "dog"):
        put(kept, f"2025/{name}.txt", name.encode())
    time.sleep(0.01)
    then = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    for name in ("cat", "dog"):
        delete(kept, f"2025/{name}.txt")
    for line in lines:
        program, *arguments = shlex.split(line, comments=True)
        assert program == "s3gateway"
        said(kept, *(one.replace("master.photos", BUCKET).replace("3h", then) for one in arguments))
    assert [get(kept, f"2025/{name}.txt") for name in ("cat", "dog")] == [b"cat", b"dog"]


def test_a_file_in_the_way_of_a_folder_is_named_and_goes_only_with_exact(
    kept: GatewayProcess,
) -> None:
    (newest,) = told(kept, "log", BUCKET, "--number", "1")
    for key in ("raw/a", "raw/empty"):
        delete(kept, key)
    put(kept, "raw", b"in the way")
    arguments = ("restore", BUCKET, "--at", newest["commit"])
    assert "raw is in the way" in refused(kept, *arguments)
    assert "raw is in the way" in refused(kept, "restore", f"{BUCKET}/raw/", *arguments[2:])
    said(kept, *arguments, "--exact")
    assert [get(kept, key) for key in ("raw/a", "raw")] == [b"two", 404]


def test_a_branch_begins_as_another_one_was(kept: GatewayProcess) -> None:
    entries = told(kept, "log", f"{BUCKET}/raw/a")
    said(kept, "branch", "try.kept", "--from", f"{BUCKET}@{entries[-1]['commit']}")
    assert get(kept, "raw/a", "try.kept") == b"one"
    put(kept, "only-here", b"x", "try.kept")
    assert get(kept, "only-here") == 404
    assert "already" in refused(kept, "branch", "try.kept", "--from", BUCKET)
    assert "stays in its repo" in refused(kept, "branch", "try.other", "--from", BUCKET)
    (there,) = told(kept, "log", "try.kept", "--number", "1")
    hidden = refused(kept, "cat", f"{BUCKET}/only-here", "--at", there["commit"])
    assert "has no commit" in hidden


def test_many_writes_are_one_commit_between_start_and_finish(kept: GatewayProcess) -> None:
    (opened,) = told(kept, "commit", "start", BUCKET)
    assert "open commit already" in refused(kept, "commit", "start", BUCKET)
    for number in range(3):
        put(kept, f"many/{number}", b"x")
    assert said(kept, "log", BUCKET, "--number", "1").split()[1] == "open"
    assert opened["commit"] in said(kept, "commit", "finish", BUCKET)
    (last,) = told(kept, "log", BUCKET, "--number", "1")
    assert last["commit"] == opened["commit"]
    assert [change["key"] for change in last["changes"]] == [f"many/{n}" for n in range(3)]
    assert "no open commit" in refused(kept, "commit", "finish", BUCKET)


@pytest.mark.parametrize("command", ["log", "cat", "restore", "branch", "commit"])
def test_help_teaches(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", command, "--help"], capture_output=True, check=True
    )
    text = done.stdout.decode()
    assert "Usage: " in text
    assert command == "commit" or ("Examples:" in text and "--json" in text)


def test_where_there_is_no_pfs_or_no_bucket(tmp_path: Path) -> None:
    nowhere = ["--pfs", f"embedded:{tmp_path}/none", "log", "master.a"]
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *nowhere], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"there is no embedded PFS in" in done.stderr
    assert not (tmp_path / "none").exists()
