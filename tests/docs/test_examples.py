"""The pages' examples, as a reader pastes them.

On each page the blocks called Shell and Python are run in their order, in one folder; a block
called Prints behind them is what they print, `…` standing for anything in a line. Those called
Start are whole commands that start a gateway. Pages of clients have tests of their own.
"""

from __future__ import annotations

import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import trustme

from tests.machine import run_python, run_shell
from tests.markdown import DOCS, Block, named_blocks
from tests.servers import GatewayProcess

RUN = {"Shell": run_shell, "Python": run_python}
OWN_PFS = Path(".local/share/s3gateway")
"""Where a reader's commands find the PFS if nothing else is said."""

PAGES = {
    str(page.relative_to(DOCS)): blocks
    for page in sorted(DOCS.rglob("*.md"))
    if page.parent.name != "clients" and (blocks := named_blocks(page))
}

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


def test_every_named_block_is_run() -> None:
    for page, blocks in PAGES.items():
        names = [block.name for block in blocks]
        assert {*names} <= {*RUN, "Prints", "Start"}, page
        for before, name in pairwise(["", *names]):
            assert name != "Prints" or before in RUN, page


@pytest.mark.parametrize(
    "page", [page for page, blocks in PAGES.items() if any(b.name in RUN for b in blocks)]
)
def test_a_page_s_examples_print_what_it_says(page: str, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    with GatewayProcess(folder / OWN_PFS) as gateway:
        printed = ""
        for block in PAGES[page]:
            if block.name in RUN:
                printed = RUN[block.name](block.at(gateway.endpoint), folder)
            elif block.name == "Prints":
                assert re.fullmatch(_pattern(block.at(gateway.endpoint)), printed), printed


def test_the_quick_start_can_be_repeated_and_leaves_the_reader_s_files(tmp_path: Path) -> None:
    config = tmp_path / ".aws" / "config"
    config.parent.mkdir()
    config.write_text("[default]\n")
    with GatewayProcess(tmp_path / "pfs") as gateway:
        printed = []
        for _ in range(2):
            blocks = [block for block in PAGES["quick-start.md"] if block.name in RUN]
            printed.append([RUN[one.name](one.at(gateway.endpoint), tmp_path) for one in blocks])
    assert [without_ids(one) for one in printed[0]] == [without_ids(one) for one in printed[1]]
    assert [file.name for file in config.parent.iterdir()] == ["config"]
    assert config.read_text() == "[default]\n"


def without_ids(printed: str) -> str:
    return re.sub(r"<RequestId>\w+", "", printed)


def _pattern(text: str) -> str:
    return re.escape(text.rstrip("\n")).replace("…", ".*") + "\n*"


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b, id=page)
        for page, blocks in PAGES.items()
        for b in blocks
        if b.name == "Start"
    ],
)
def test_a_command_starts_a_gateway(block: Block, tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "server.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    command = re.sub(r"server\.(pem|key)", rf"{tmp_path}/server.\1", block.text)
    command = re.sub(r"port \d+", "port 0", command)  # others may be on that one
    program, *options = shlex.split(command)
    assert program == "s3gateway"
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        said = run_shell(f"curl --fail --silent --insecure {gateway.endpoint}/", tmp_path)
    assert "<ListAllMyBucketsResult" in said
