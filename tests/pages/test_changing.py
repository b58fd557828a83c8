"""Uploads and deletions, as a person makes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")

BUCKET = "master.images"


@pytest.fixture(autouse=True)
def bucket(local: GatewayProcess) -> str:
    assert send(local, "PUT", f"/{BUCKET}").status == 200
    return BUCKET


def put(gateway: GatewayProcess, *keys: str, content: bytes = b"x") -> None:
    for key in keys:
        assert send(gateway, "PUT", f"/{BUCKET}/{key}", content).status == 200


def keys(gateway: GatewayProcess) -> list[str]:
    return send(gateway, "GET", f"/{BUCKET}").texts("Contents", "Key")


def content(gateway: GatewayProcess, key: str) -> bytes:
    return send(gateway, "GET", f"/{BUCKET}/{key}").body


def a_file(folder: Path, name: str, content: bytes = b"new") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def a_folder(above: Path) -> Path:
    for name in ("1.txt", "deep/2.txt", "deep/er/3.txt"):
        a_file(above / "photos", name, name.encode())
    return above / "photos"


IN_FOLDER = ["photos/1.txt", "photos/deep/2.txt", "photos/deep/er/3.txt"]


def test_files_are_uploaded_to_the_folder_that_is_shown(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path
) -> None:
    put(local, "in/a.txt")
    page.go(f"{BUCKET}/in/")
    page.upload(a_file(tmp_path, "b.txt", b"one"), a_file(tmp_path, "c d.txt", b""))
    page.wait_for_names("a.txt", "b.txt", "c d.txt")
    assert content(local, "in/b.txt") == b"one"
    assert content(local, "in/c%20d.txt") == b""
    page.wait_for_text("All transfers are over", "#transfers")
    page.click("Close the list of transfers")
    page.browser.wait_for("document.querySelector('#transfers').hidden")


def test_a_folder_is_uploaded_with_all_below_it(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path
) -> None:
    page.go(f"{BUCKET}/")
    page.browser.wait_for("document.querySelector('#folder') !== null")
    page.browser.choose_file("#folder", a_folder(tmp_path))
    page.wait_for_names("photos/")
    page.wait_for_transfers()
    assert keys(local) == IN_FOLDER
    assert content(local, IN_FOLDER[2]) == b"deep/er/3.txt"


def test_files_and_folders_can_be_dropped(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path
) -> None:
    page.go(f"{BUCKET}/")
    page.wait_for_text("Drop files or folders here")
    page.browser.drop(".drop-target", a_folder(tmp_path), a_file(tmp_path, "single.txt"))
    page.wait_for_names("photos/", "single.txt")
    page.wait_for_transfers()
    assert keys(local) == [*IN_FOLDER, "single.txt"]


@pytest.fixture
def slow(local: GatewayProcess, page: BrowserPage) -> Iterator[None]:
    """A network on which an upload takes its time."""
    page.browser.slow_down(upload_bytes_per_second=200_000)
    yield
    page.browser.slow_down()


@pytest.mark.usefixtures("slow")
def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path
) -> None:
    page.go(f"{BUCKET}/")
    page.browser.wait_for("document.querySelector('#files') !== null")
    page.browser.choose_file("#files", a_file(tmp_path, "large.bin", bytes(4_000_000)))
    bar = "document.querySelector('#transfers progress')"
    page.browser.wait_for(f"{bar} !== null && {bar}.value > 0 && {bar}.value < {bar}.max")
    page.wait_for_text("of 3.8 MiB", "#transfers")
    page.click("Cancel large.bin")
    page.wait_for_text("Cancelled", "#transfers")
    assert keys(local) == []


@pytest.mark.parametrize(
    ("answer", "stored"), [("Replace", b"new"), ("Skip", b"old")], ids=["replaced", "kept"]
)
def test_what_is_there_is_replaced_after_a_question(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path, answer: str, stored: bytes
) -> None:
    put(local, "a.txt", "a.txt.more", content=b"old")
    page.go(f"{BUCKET}/")
    page.browser.wait_for("document.querySelector('#files') !== null")
    page.browser.choose_file("#files", a_file(tmp_path, "a.txt"), a_file(tmp_path, "b.txt"))
    page.wait_for_text("a.txt exists already", "dialog")
    page.click(answer)
    page.wait_for_transfers()
    page.wait_for_names("a.txt", "a.txt.more", "b.txt")
    assert content(local, "a.txt") == stored
    assert content(local, "a.txt.more") == b"old"


def test_one_answer_may_be_for_all(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path
) -> None:
    names = ["a.txt", "b.txt", "c.txt"]
    put(local, *names, content=b"old")
    page.go(f"{BUCKET}/")
    page.browser.wait_for("document.querySelector('#files') !== null")
    page.browser.choose_file("#files", *(a_file(tmp_path, name) for name in names))
    page.wait_for_text("exists already", "dialog")
    page.click("Do the same for all others")
    page.click("Replace")
    page.wait_for_transfers()
    assert [content(local, name) for name in names] == [b"new"] * 3


def test_what_cannot_be_stored_is_said_of_its_file(
    page: BrowserPage, local: GatewayProcess, tmp_path: Path
) -> None:
    page.go(f"{BUCKET}/")
    page.upload(a_file(tmp_path, "a*b.txt"), a_file(tmp_path, "c.txt"))
    page.wait_for_text("InvalidFilePath", "#transfers .failed")
    page.wait_for_text("1 of 2 transfers failed", "#transfers")
    assert keys(local) == ["c.txt"]


def test_objects_and_folders_are_deleted_after_a_question(
    page: BrowserPage, local: GatewayProcess
) -> None:
    put(local, "a.txt", "b.txt", "cats/1.png", "cats/deep/2.png", "cats.txt")
    page.go(f"{BUCKET}/")
    page.click("Choose cats")
    page.click("Choose a.txt")
    page.wait_for_text("2 items chosen", ".selection")
    page.click("Delete")
    page.wait_for_text("cats/ and everything in it", "dialog")
    page.click("Cancel")
    assert len(keys(local)) == 5
    page.click("Delete")
    page.click("Delete")
    page.wait_for_names("b.txt", "cats.txt")
    page.wait_for_text("Done", "#transfers")
    assert keys(local) == ["b.txt", "cats.txt"]


def test_more_than_one_request_can_delete_is_deleted(
    page: BrowserPage, local: GatewayProcess
) -> None:
    body = b"x"
    for number in range(1203):
        send(local, "PUT", f"/{BUCKET}/many/{number:04}", body)
    page.go(f"{BUCKET}/")
    page.click("Choose many")
    page.click("Delete")
    page.click("Delete")
    page.wait_for_text("There is nothing here yet")
    assert keys(local) == []


def test_an_object_is_deleted_from_its_own_page(page: BrowserPage, local: GatewayProcess) -> None:
    put(local, "in/a.txt", "in/b.txt")
    page.go(f"{BUCKET}/in/a.txt")
    page.click("Delete")
    page.wait_for_text("Delete a.txt?", "dialog")
    page.click("Delete")
    page.wait_for_names("b.txt")
    assert keys(local) == ["in/b.txt"]
