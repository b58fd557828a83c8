"""Runs the quick start of a client's page, as a reader pastes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.clients.outcomes import ClientUnderTest
from tests.clients.pages import BUCKET, Block, blocks
from tests.clients.toolchains import BUILD, HERE, JAVA
from tests.servers import GatewayProcess

QUICK_START_SECONDS = 300


@dataclass(frozen=True)
class QuickStart:
    """What it printed, and what its page says that it prints."""

    printed: str
    promised: str


def run_quick_start(client: ClientUnderTest, gateway: GatewayProcess, folder: Path) -> QuickStart:
    """Run it in a folder of its own, which is also its home."""
    # A bucket of its own: others' quick starts run against the same gateway.
    bucket = f"{BUCKET}-{client.name}-{os.getpid()}"
    printed = run_block(client, "Quick start", gateway, folder, bucket)
    return QuickStart(printed.replace(bucket, BUCKET), blocks(client.name)["Prints"].text)


def run_block(
    client: ClientUnderTest, name: str, gateway: GatewayProcess, folder: Path, bucket: str
) -> str:
    """Run a program of a client's page in a folder; gives what it prints."""
    block = blocks(client.name)[name]
    text = block.at(gateway.endpoint).replace(BUCKET, bucket)
    program = replace(block, text=text)
    environment = client.variables(gateway.endpoint, folder)
    if program.language == "go":
        environment |= {"HOME": os.environ["HOME"]}  # where Go keeps what it has built
    done = subprocess.run(
        _command(client, program, folder),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=QUICK_START_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _command(client: ClientUnderTest, program: Block, folder: Path) -> list[str]:
    if program.language == "sh":
        return ["bash", "-euo", "pipefail", "-c", program.text]
    if program.language == "python":
        own = client.folder / "bin" / "python" if client.folder is not None else sys.executable
        return [str(own), "-c", program.text]
    if program.language == "go":
        assert client.folder is not None
        for name in ("go.mod", "go.sum"):
            shutil.copy(HERE / client.folder.name / name, folder)
        (folder / "main.go").write_text(program.text)
        return ["go", "run", "-buildvcs=false", "."]
    if program.language == "java":
        (folder / "QuickStart.java").write_text(program.text)
        options = client.command[: len(JAVA) + 1]  # with the class path
        return [*map(str, options), "QuickStart.java"]
    assert program.language == "js", program.language
    # Beside the packages that it imports.
    script = BUILD / "node" / f"quick-start-{client.name}.mjs"
    script.write_text(program.text)
    return ["node", str(script)]
