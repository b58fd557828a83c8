"""The Makefile: one thing that is made does not undo another."""

from __future__ import annotations

import re
import subprocess

from tests.packaging.distributions import ROOT


def commands_of(target: str) -> str:
    """What make would run."""
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_check_leaves_the_site_that_was_built() -> None:
    site = re.compile(r"\.build/site(?![\w-])")
    assert site.search(commands_of("docs"))
    assert not site.search(commands_of("check"))
    assert ".build/site-check" in commands_of("check")
