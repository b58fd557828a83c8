"""`s3gateway export` and `s3gateway import`, from a gateway's PFS to another gateway's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.commands import run, said
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess
from tests.small_disk import fill, fill_but, small_disk

BUCKET = "master.kept"


def told(*arguments: str | Path) -> list[Any]:
    return [json.loads(line) for line in said(*arguments, "--json").splitlines()]


def refused(*arguments: str | Path) -> str:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def put(gateway: GatewayProcess, bucket: str, key: str, body: bytes) -> None:
    assert send(gateway, "PUT", f"/{bucket}/{key}", body).status == 200


def test_buckets_of_a_gateway_are_served_by_another_on_a_pachd_and_come_back(
    tmp_path: Path,
) -> None:
    folder, back = tmp_path / "moved", tmp_path / "back"
    with GatewayProcess(tmp_path / "pfs") as gateway, PfsProcess(tmp_path / "pachd") as pachd:
        for bucket in (BUCKET, "other.kept"):
            assert send(gateway, "PUT", f"/{bucket}").status == 200
            put(gateway, bucket, "d/one", b"1")
            put(gateway, bucket, "d/one", bucket.encode())
        exported = told("--pfs", gateway.pfs, "export", "--all", folder, "--history")
        assert [(one["bucket"], one["commits"], one["new_changes"]) for one in exported] == [
            (BUCKET, 2, 2),
            ("other.kept", 2, 2),
        ]
        imported = told("--pfs", pachd.address, "import", folder)
        assert [(one["bucket"], one["new_commits"]) for one in imported] == [
            (BUCKET, 2),
            ("other.kept", 2),
        ]
        again = said("--pfs", pachd.address, "import", folder, BUCKET)
        assert again == f"{BUCKET}: nothing to do, all of the export is there\n"
        with GatewayProcess(pachd.address) as other:
            assert send(other, "GET", "/other.kept/d/one").body == b"other.kept"
        assert "1 of them new" in said("--pfs", pachd.address, "export", BUCKET, back)
        new = ("--pfs", f"embedded:{tmp_path / 'new'}")
        (renamed,) = told(*new, "import", back, "--as", "main.renamed.lab")
        assert (renamed["bucket"], renamed["source"]) == ("main.renamed.lab", BUCKET)
        (newest, _) = told(*new, "log", "main.renamed.lab")
        assert [change["key"] for change in newest["changes"]] == ["d/one"]


def test_what_cannot_be_moved_is_told_in_one_line(tmp_path: Path) -> None:
    folder, pfs = tmp_path / "moved", ("--pfs", f"embedded:{tmp_path / 'pfs'}")
    assert "there is no embedded PFS in" in refused(*pfs, "export", BUCKET, folder)
    assert "there is no export in" in refused(*pfs, "import", folder)
    assert "there is no bucket" in refused(*pfs, "export", BUCKET, folder)
    assert "say --all" in refused(*pfs, "export", folder)
    assert "say --all" in refused(*pfs, "export", BUCKET, "--all", folder)
    assert "name a bucket, without a key" in refused(*pfs, "export", f"{BUCKET}/a", folder)
    assert "has no buckets" in refused(*pfs, "import", folder)
    assert "has no bucket other" in refused(*pfs, "import", folder, "other")
    (tmp_path / "file").write_bytes(b"")
    assert "--help lists all options" in refused(*pfs, "import", tmp_path / "file")
    line = refused(*pfs, "export", BUCKET, tmp_path / "file" / "below")
    assert str(tmp_path / "file") in line
    gone = refused("--pfs", "grpc://127.0.0.1:1", "--pfs-call-seconds", "1", "export", "b", folder)
    assert gone.endswith("Run the command again: it goes on where it stopped")


def test_an_export_to_a_full_disk_says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert send(gateway, "PUT", f"/{BUCKET}").status == 200
        put(gateway, BUCKET, "small", b"1")
        put(gateway, BUCKET, "large", bytes(2_000_000))
    with small_disk(tmp_path / "disk", 4) as disk:
        folder, filler = disk / "moved", fill(disk)
        export = ("--pfs", gateway.pfs, "export", BUCKET, folder)
        line = refused(*export)
        assert f"the disk of {folder} is full. Make room and run the command again" in line
        filler.unlink()
        filler = fill_but(disk, 1_000_000)
        assert f"the disk of {folder} is full" in refused(*export)
        filler.unlink()
        (done,) = told(*export)
        assert done["new_changes"] == 2


@pytest.mark.parametrize("command", ["export", "import"])
def test_help_begins_with_what_it_does_and_ends_with_examples(command: str) -> None:
    text = said(command, "--help")
    assert f"s3gateway {command}" in text.partition("Examples:")[2]
    assert "goes on where" in " ".join(text.split())
