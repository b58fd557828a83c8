"""`s3gateway backup` beside a gateway, and a gateway on what `restore-backup` made of it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.gateway.commands import run, said
from tests.raw_http import Answer, send
from tests.servers import GatewayProcess
from tests.small_disk import fill, small_disk

OBJECTS = {"small": b"1", "d/large": os.urandom(300_000), "d/e/empty": b""}
KEPT_HEADERS = ("etag", "last-modified", "content-type", "content-length")


def refused(*arguments: str | Path) -> str:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert not done.stdout
    (line,) = done.stderr.strip().splitlines()
    return line


def seen(gateway: GatewayProcess, path: str) -> tuple[int, dict[str, str | None], bytes]:
    answer: Answer = send(gateway, "GET", path)
    return answer.status, {one: answer.headers.get(one) for one in KEPT_HEADERS}, answer.body


def test_a_restored_backup_answers_as_the_gateway_did(tmp_path: Path) -> None:
    backup, new = tmp_path / "backup", tmp_path / "new"
    places = ["/master.kept?list-type=2", *(f"/master.kept/{key}" for key in OBJECTS)]
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert send(gateway, "PUT", "/master.kept").status == 200
        for key, body in OBJECTS.items():
            assert send(gateway, "PUT", f"/master.kept/{key}", body).status == 200
        before = [seen(gateway, place) for place in places]
        assert [status for status, _, _ in before] == [200] * len(places)
        told = json.loads(said("--pfs", gateway.pfs, "backup", backup, "--json"))
        assert (told["contents"], told["missing"]) == (1, 0)
        assert send(gateway, "DELETE", "/master.kept/d/large").status == 204
        assert send(gateway, "PUT", "/master.kept/later", b"2").status == 200
    assert "everything is there" in said("restore-backup", backup, new)
    assert "everything is there" in said("--pfs", f"embedded:{new}", "check")
    with GatewayProcess(new) as other:
        assert [seen(other, place) for place in places] == before
        assert send(other, "PUT", "/master.kept/later", b"3").status == 200


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An embedded PFS with one large object, which nobody serves."""
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert send(gateway, "PUT", "/master.r").status == 200
        assert send(gateway, "PUT", "/master.r/large", OBJECTS["d/large"]).status == 200
    return tmp_path / "pfs"


def test_a_backup_of_what_is_lost_ends_with_status_1_and_so_does_restoring_it(
    directory: Path, tmp_path: Path
) -> None:
    for blob in (directory / "blobs").glob("*/*"):
        blob.unlink()
    backup, new = tmp_path / "backup", tmp_path / "new"
    done = run("--pfs", f"embedded:{directory}", "backup", backup)
    assert done.returncode == 1
    assert "s3gateway check names their files" in done.stdout
    done = run("restore-backup", backup, new)
    assert done.returncode == 1
    assert "lost: default/r@master:/large" in done.stdout
    assert "--with-losses restores the rest" in done.stdout
    assert "is not whole" in refused("--pfs", f"embedded:{new}", "--port", "0")
    told = json.loads(run("restore-backup", backup, new, "--with-losses", "--json").stdout)
    assert told["restored"] is True
    assert [lost["path"] for lost in told["lost"]] == ["/large"]


def test_what_cannot_be_backed_up_is_told_in_one_line(directory: Path, tmp_path: Path) -> None:
    pfs, target = f"embedded:{directory}", tmp_path / "backup"
    assert "there is no embedded PFS in" in refused("--pfs", f"{pfs}/typo", "backup", target)
    assert "say embedded:DIRECTORY" in refused("--pfs", "grpc://localhost:1", "backup", target)
    assert "is not a backup: it has" in refused("--pfs", pfs, "backup", tmp_path)
    assert "there is no whole backup in" in refused("restore-backup", target, tmp_path / "new")
    with small_disk(tmp_path / "disk", 1) as disk:
        filler = fill(disk)
        os.truncate(filler, filler.stat().st_size - 4096 * 20)
        line = refused("--pfs", pfs, "backup", disk / "backup")
        assert "make room and run the command again" in line


def test_a_disk_that_refuses_is_told_in_one_line_with_the_file(
    directory: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    said("--pfs", f"embedded:{directory}", "backup", backup)
    prefix = backup / "contents" / "blobs" / "00"
    shutil.rmtree(prefix)
    prefix.write_bytes(b"no folder")
    line = refused("--pfs", f"embedded:{directory}", "backup", backup)
    assert str(prefix) in line


@pytest.mark.parametrize("command", [("check",), ("compact", "--yes")])
def test_so_do_the_other_commands_tell(directory: Path, command: tuple[str, ...]) -> None:
    shutil.rmtree(directory / "blobs")
    (directory / "blobs").write_bytes(b"no folder")
    assert str(directory / "blobs") in refused("--pfs", f"embedded:{directory}", *command)
