"""What the README says of the tour's files in the web browser is what a stranger finds there."""

from __future__ import annotations

import re

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.markdown import ROOT, named_blocks
from tests.pages.layered import Layered
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")

README = (ROOT / "README.md").read_text()
TOUR = next(one.text for one in named_blocks(ROOT / "README.md") if one.language == "sh")
BUCKET = "master.s3gateway-tour"
FILES = ("cat.txt", "dog.txt")


def test_a_stranger_deletes_a_file_and_brings_it_back(
    chromium: Browser, with_all: GatewayProcess
) -> None:
    said = README.partition("In the web browser:")[2].partition("\n\n")[0]
    delete, history, bring_back, objects = re.findall(r"\*(\w[\w ]*)\*", said)
    page = BrowserPage(chromium, with_all.endpoint)
    with Layered.of(page, with_all) as layered:
        layered.s3.create_bucket(Bucket=BUCKET)
        for name in FILES:
            assert f"/pets/{name}" in TOUR
            layered.s3.put_object(Bucket=BUCKET, Key=f"pets/{name}", Body=name.encode())
        page.go()
        page.click(BUCKET)
        page.click("pets/")
        page.wait_for_names(*FILES)
        page.click("Choose dog.txt")
        page.click(delete)
        page.wait_for_text("dog.txt", "dialog")
        page.click(delete)
        page.wait_for_names("cat.txt")
        page.click(history)
        page.click(f"{bring_back} dog.txt")
        page.wait_for_text("pets/dog.txt is back", "#said")
        page.click(objects)
        page.wait_for_names(*FILES)
        for name in FILES:
            layered.s3.delete_object(Bucket=BUCKET, Key=f"pets/{name}")
        layered.s3.delete_bucket(Bucket=BUCKET)
