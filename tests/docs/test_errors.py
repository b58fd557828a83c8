"""The page of errors has every code that there is, and no other."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import boto3
import pytest

import s3_wire.upload_errors
import s3_wire.version_errors  # noqa: F401 - its codes, and the ones above, are on the page as well
from gateway.observing.request_observer import CLIENT_WENT
from gateway.request_context import CUT_SHORT
from pfs_client.values import Branch, Repo
from s3_wire.errors import S3Error
from tests.markdown import DOCS
from tests.output_branches import make_output_branch
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

PAGE = (DOCS / "errors.md").read_text()
CODES = {kind.__name__: kind.status for kind in S3Error.__subclasses__()}

_SECTION = re.compile(r"^## (\w+)\n\n\*\*(\d{3})\.\*\* (.+?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
SECTIONS = {code: (int(status), text) for code, status, text in _SECTION.findall(PAGE)}


def test_every_code_has_a_section_with_its_status() -> None:
    assert {code: status for code, (status, _) in SECTIONS.items()} == CODES
    assert list(SECTIONS) == sorted(SECTIONS, key=str.lower)


@pytest.mark.parametrize("code", SECTIONS)
def test_a_section_says_when_and_what_to_do(code: str) -> None:
    when, _, what_to_do = SECTIONS[code][1].partition("**What to do:**")
    assert len(when.strip()) > 20
    assert len(what_to_do.strip()) > 5


def test_the_table_has_every_code_beside_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.+) \|$", PAGE, re.MULTILINE)
    listed = {
        code: int(status) for status, codes in rows for code in re.findall(r"\[(\w+)\]", codes)
    }
    assert listed == CODES


def test_codes_of_the_log_alone_are_there() -> None:
    (section,) = re.findall(r"^## In logs and metrics only\n(.*)", PAGE, re.DOTALL | re.MULTILINE)
    assert re.findall(r"^- \w+ `(\w+)`:", section, re.MULTILINE) == [str(CLIENT_WENT), CUT_SHORT]


def test_tries_of_an_output_branch_can_be_seen_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(gateway: GatewayProcess) -> float:
        s3 = boto3.client(
            "s3",
            endpoint_url=gateway.endpoint,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="anything",
        )
        before = counted(gateway)
        with pytest.raises(s3.exceptions.ClientError, match="WriteToOutputBranch"):
            s3.put_object(Bucket="master.computed", Key="a", Body=b"x")
        s3.close()
        return counted(gateway) - before

    def counted(gateway: GatewayProcess) -> float:
        text = send(gateway, "GET", "/-/metrics").body.decode()
        found = re.search(
            r'^s3gateway_errors_total\{code="WriteToOutputBranch"\} (.+)$', text, re.M
        )
        return float(found[1]) if found else 0

    with PfsProcess(tmp_path / "pfs") as pfs, GatewayProcess(pfs.address) as gateway:
        asyncio.run(make_output_branch(pfs.address, Branch(Repo("computed"), "master")))
        monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
        tries = put(gateway)
        assert tries > 1
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        assert put(gateway) == 1
        gateway.stop()
    lines = [line for line in gateway.output if "WriteToOutputBranch" in line]
    assert len(lines) == tries + 1
    assert len({line.split()[1] for line in lines}) == len(lines)  # request ids
    assert all('PutObject "master.computed/a" 500' in line for line in lines)
