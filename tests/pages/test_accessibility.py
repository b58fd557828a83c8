"""People with a keyboard, a screen reader or a phone: none of them is kept out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import AXE, BrowserPage
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: make .build/pages/ready"),
]

BUCKET = "master.images"
LONG = "a-name-of-a-file-" * 12 + ".txt"
OBJECTS = {
    "cats/tabby.txt": b"meow",
    LONG: b"x",
    "labels.csv": b"file,label," + b"column," * 30 + b"\n" + b"1," * 32,
    "settings.json": b'{"a": "' + b"x" * 300 + b'"}',
}


@pytest.fixture(autouse=True)
def filled(local: GatewayProcess) -> None:
    for bucket in (BUCKET, "master.empty", "master." + "long-" * 20):
        assert send(local, "PUT", f"/{bucket}").status == 200
    for key, content in OBJECTS.items():
        assert send(local, "PUT", f"/{BUCKET}/{key}", content).status == 200


def buckets(page: BrowserPage) -> None:
    page.go()
    page.wait_for_text(BUCKET, ".rows")


def folder(page: BrowserPage) -> None:
    page.go(f"{BUCKET}/")
    page.click("Choose cats")


def empty(page: BrowserPage) -> None:
    page.go("master.empty/")
    page.wait_for_text("There is nothing here yet")


def connect(page: BrowserPage) -> None:
    page.go(f"{BUCKET}/{LONG}?view=connect")
    page.wait_for_text("aws cli")


def table(page: BrowserPage) -> None:
    page.go(f"{BUCKET}/labels.csv")
    page.wait_for_text("label", ".preview")


def text(page: BrowserPage) -> None:
    page.go(f"{BUCKET}/settings.json")
    page.wait_for_text("xxx", ".preview")


def gone(page: BrowserPage) -> None:
    page.go(f"{BUCKET}/nothing.txt")
    page.wait_for_text("There is no such object")


def new_bucket(page: BrowserPage) -> None:
    buckets(page)
    page.click("New bucket")
    page.wait_for_text("Branch", "dialog")


def delete(page: BrowserPage) -> None:
    folder(page)
    page.click("Delete")
    page.wait_for_text("cats/", "dialog")


def transfers(page: BrowserPage) -> None:
    empty(page)
    page.browser.choose_file("#files", Path(__file__))
    page.wait_for_text("Done", "#transfers")


SCREENS = [
    buckets, folder, empty, connect, table, text, gone, new_bucket, delete, transfers,
]  # fmt: skip


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desk", "phone"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    page: BrowserPage, width: int, dark: bool
) -> None:
    page.browser.look(width, dark=dark)
    problems = {}
    for screen in SCREENS:
        screen(page)
        problems[screen.__name__] = page.problems()
        overflow = page.browser.run("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, (screen.__name__, overflow)
    assert problems == {screen.__name__: [] for screen in SCREENS}


def test_all_can_be_done_with_the_keyboard(page: BrowserPage, local: GatewayProcess) -> None:
    page.go()
    page.wait_for_text(BUCKET, ".rows")
    press = page.browser.press
    tab_to(page, "New bucket")
    press("Enter")
    page.wait_for_text("Repo", "dialog")
    press(*"words", "Enter")
    page.wait_for_text("There is nothing here yet")
    assert page.browser.run("document.activeElement.textContent") == "master.words"
    page.go(f"{BUCKET}/")
    page.wait_for_text("labels.csv", ".rows")
    tab_to(page, "Choose labels.csv")
    press(" ")
    tab_to(page, "Delete")
    press("Enter")
    page.wait_for_text("Delete labels.csv?", "dialog")
    press("Escape")
    page.browser.wait_for("document.querySelector('dialog') === null")
    assert send(local, "HEAD", f"/{BUCKET}/labels.csv").status == 200
    assert page.browser.run(f"{NAME}(document.activeElement)") == "Delete"
    press("Enter")
    page.wait_for_text("Delete labels.csv?", "dialog")
    press("Tab", "Enter")
    page.wait_for_text("Done", "#transfers")
    assert send(local, "HEAD", f"/{BUCKET}/labels.csv").status == 404


NAME = "(element => (element.getAttribute('aria-label') ?? element.textContent).trim())"


def tab_to(page: BrowserPage, name: str) -> None:
    """Press Tab until what has a name has the focus."""
    names = []
    while (focused := page.browser.run(f"{NAME}(document.activeElement)")) != name:
        names.append(focused)
        assert len(names) < 60, names
        page.browser.press("Tab")


def test_a_screen_reader_is_told_what_happens(page: BrowserPage, tmp_path: Path) -> None:
    def told(text: str) -> None:
        page.browser.wait_for(f"document.getElementById('announcements').textContent === {text!r}")

    page.go(f"{BUCKET}/")
    told(BUCKET)
    page.click("cats/")
    told("cats")
    file = tmp_path / "a.txt"
    file.write_bytes(b"x")
    page.upload(file)
    told("1 transfer finished.")
