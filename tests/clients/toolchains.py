"""Where `make clients` puts the clients that the tests' own Python has not, and all versions."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from packaging.markers import Marker

from tests.clients.pages import ROOT

BUILD = ROOT / ".build" / "clients"
THOROUGH = ROOT / ".build" / "thorough"
"""Where `make test-all` puts tools for tables and files."""
OWN_BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
JAVA = ("java", "-Xmx1g")

_NEEDS = {
    "go": ("go",),
    "rclone": ("go",),
    "mc": ("go",),
    "s5cmd": ("go",),
    "transfermanager": ("go",),
    "gocloud": ("go",),
    "restic": ("go",),
    "node": ("node",),
    "java": ("javac", "mvn"),
}
_OF_SPARK = re.compile("/(hadoop-client|slf4j|snappy|commons-|jsr305|netty-(?!nio)|dropwizard)")
_THOROUGH_IN_GO = ("transfermanager", "gocloud", "restic")
"""Those of them that only `make test-all` builds."""


def python_program(name: str, interpreter: str | Path = sys.executable) -> list[str | Path]:
    """The command of a program in Python."""
    return [interpreter, "-m", f"tests.clients.{name}.program"]


def java_program(module: str, *arguments: str) -> list[str | Path]:
    """The command of a program in Java, with little memory."""
    return [*JAVA, f"@{BUILD / 'java' / module}.args", *arguments]


def spark_with_s3a() -> dict[str, str]:
    """What has Spark's Java find S3A's jars, but for those that Spark brings in other versions."""
    jars = (BUILD / "java" / "s3a.classpath").read_text().strip().split(":")
    added = [jar for jar in jars if jar.endswith(".jar") and not _OF_SPARK.search(jar)]
    return {"PYSPARK_SUBMIT_ARGS": f"--driver-class-path {':'.join(added)} pyspark-shell"}


def locked_version(environment: str) -> str:
    """The version of the client that an environment of its own is for."""
    lock = (ROOT / "requirements" / "clients" / f"{environment}.txt").read_text()
    return _only(rf"^{environment}==(\S+)", lock)


def data_tool_version(package: str, environment: str = "data-tools") -> str:
    """The version of one of the tools for tables and files, for this Python."""
    lock = (ROOT / "requirements" / "thorough" / f"{environment}.txt").read_text()
    pinned = re.findall(rf"^{package}==(\S+)(?: ; ([^\\]+))?", lock, re.MULTILINE)
    (version,) = (one for one, when in pinned if not when or Marker(when.strip()).evaluate())
    return str(version)


def go_version(folder: str, module: str) -> str:
    """The version of a module that a Go program is built with."""
    modules = (HERE / folder / "go.mod").read_text()
    return _only(rf"^(?:require )?\s*{re.escape(module)} v(\S+)", modules)


def node_version(package: str) -> str:
    """The version of a package that a program in JavaScript uses."""
    declared = json.loads((HERE / "node" / "package.json").read_text())
    return str(declared["dependencies"][package])


def java_version(library: str) -> str:
    """The version of a library that a program in Java is built with."""
    project = (HERE / "java" / "pom.xml").read_text()
    return _only(rf"^\s*<{re.escape(library)}>(\S+)</{re.escape(library)}>$", project)


def _only(pattern: str, text: str) -> str:
    found = re.findall(pattern, text, re.MULTILINE)
    assert len(found) == 1, pattern
    return str(found[0])


def why_not_there(folder: Path | None) -> str:
    """Why a client cannot be run, or nothing."""
    if folder is None:
        return ""
    for tool in _NEEDS.get(folder.name, ()):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if (folder / "ready").exists():
        return ""
    is_thorough = folder.parent == THOROUGH or folder.name in _THOROUGH_IN_GO
    target = "test-all" if is_thorough else "clients"
    return f"{folder.name} is not there; `make {target}` installs it"
