"""Buckets, folders and objects, as a person looks at them."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")

BUCKET = "master.images"
GIF = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)


def put(gateway: GatewayProcess, *keys: str, content: bytes = b"x") -> None:
    for key in keys:
        assert send(gateway, "PUT", f"/{BUCKET}/{key}", content).status == 200


@pytest.fixture
def bucket(local: GatewayProcess) -> str:
    assert send(local, "PUT", f"/{BUCKET}").status == 200
    return BUCKET


def test_a_new_bucket_is_an_empty_branch(page: BrowserPage, local: GatewayProcess) -> None:
    page.go()
    page.wait_for_text("There are no buckets yet")
    page.click("New bucket")
    page.fill("Repo", "reports")
    page.wait_for_text("master.reports", "dialog")
    page.fill("Branch", "staging")
    page.click("Create bucket")
    page.wait_for_text("There is nothing here yet")
    assert page.text("h1") == "staging.reports"
    assert send(local, "GET", "/").texts("Buckets", "Bucket", "Name") == ["staging.reports"]


def test_what_is_wrong_with_a_new_bucket_is_said_in_its_dialogue(page: BrowserPage) -> None:
    page.go()
    page.click("New bucket")
    page.fill("Repo", "reports")
    page.fill("Project", "nowhere")
    page.click("Create bucket")
    page.wait_for_text("nowhere", ".form-problem")
    page.click("Cancel")
    page.wait_for_text("There are no buckets yet")


def test_a_bucket_is_deleted_once_its_name_is_typed(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    page.go()
    page.click(f"Delete the bucket {bucket}")
    page.fill(f"Type {bucket} to confirm", "master.image")
    page.click("Delete bucket")
    page.wait_for_text("That is another name.", "dialog")
    page.fill(f"Type {bucket} to confirm", bucket)
    page.click("Delete bucket")
    page.wait_for_text("There are no buckets yet")
    assert send(local, "GET", "/").texts("Buckets", "Bucket", "Name") == []


def test_a_bucket_that_is_not_empty_stays(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    put(local, "a.txt")
    page.go()
    page.click(f"Delete the bucket {bucket}")
    page.fill(f"Type {bucket} to confirm", bucket)
    page.click("Delete bucket")
    page.wait_for_text("not empty", ".form-problem")
    assert send(local, "HEAD", f"/{bucket}").status == 200


def test_folders_lead_to_folders_and_breadcrumbs_back(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    put(local, "cats/siamese/1.png", "cats/tabby.png", "dogs/rex.png", "README.md")
    page.go()
    page.click(bucket)
    page.wait_for_names("cats/", "dogs/", "README.md")
    page.click("cats/")
    page.wait_for_names("siamese/", "tabby.png")
    page.click("siamese/")
    page.wait_for_names("1.png")
    page.click("cats")
    page.wait_for_names("siamese/", "tabby.png")
    page.browser.run("history.back()")
    page.wait_for_names("1.png")
    page.click("Buckets")
    page.wait_for_names(bucket)


def test_a_page_of_a_list_has_a_hundred_rows(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    names = [f"{number:03}.txt" for number in range(230)]
    put(local, *(f"many/{name}" for name in names))
    page.go(f"{bucket}/many/")
    page.wait_for_names(*names[:100])
    assert not page.has("Previous page")
    page.click("Next page")
    page.wait_for_names(*names[100:200])
    page.click("Next page")
    page.wait_for_names(*names[200:])
    assert not page.has("Next page")
    page.click("Previous page")
    page.wait_for_names(*names[100:200])
    page.click("Previous page")
    page.wait_for_names(*names[:100])


def test_search_is_by_the_beginning_of_names(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    put(local, "in/cat.txt", "in/cats/1.txt", "in/dog.txt", "cat.txt")
    page.go(f"{bucket}/in/")
    page.browser.run("document.querySelector('h1').focus()")
    page.browser.press("/", "c", "a", "t")
    page.wait_for_names("cats/", "cat.txt")
    assert page.browser.run("document.activeElement.id + document.activeElement.value") == (
        "searchcat"
    )
    page.browser.press("x")
    page.wait_for_text("Nothing begins so")
    page.click("Show everything here")
    page.wait_for_names("cats/", "cat.txt", "dog.txt")


def test_buckets_are_found_by_the_beginning_of_their_names(
    page: BrowserPage, local: GatewayProcess
) -> None:
    for name in ("master.cats", "master.dogs", "staging.cats"):
        send(local, "PUT", f"/{name}")
    page.go()
    page.wait_for_names("master.cats", "master.dogs", "staging.cats")
    page.fill("Buckets whose names begin with", "st")
    page.wait_for_names("staging.cats")


def test_an_object_shows_its_facts(page: BrowserPage, local: GatewayProcess, bucket: str) -> None:
    put(local, "notes.txt", content=b"hello" * 1000)
    page.go(f"{bucket}/notes.txt")
    etag = send(local, "HEAD", f"/{bucket}/notes.txt").headers["etag"].strip('"')
    for fact in ("notes.txt", "4.9 KiB (5,000 bytes)", "text/plain", etag):
        page.wait_for_text(fact, ".about")
    page.wait_for_text("hellohello", ".preview pre")


def parquet() -> bytes:
    table = pa.table({"id": [1, 2, 3], "name": ["a", "b", "c"], "tags": [["x"], [], ["y"]]})
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


PREVIEWS = {
    "labels.csv": (b'file,label\n"a, b.png","say ""meow"""\nlast,row', ['a, b.png\tsay "meow"']),
    "labels.tsv": (b"file\tlabel\r\na.png\tcat\r\n", ["file\tlabel", "a.png\tcat"]),
    "settings.json": (b'{"b":[1,2],"a":null}', ['"b": [\n    1,\n    2\n  ]']),
    "broken.json": (b'{"b":', ["no valid JSON", '{"b":']),
    "page.html": (b"<h1 onclick='x'>hi</h1>", ["<h1 onclick='x'>hi</h1>"]),
    "no-extension": ("größe".encode(), ["größe"]),
    "data.bin": (bytes(range(256)), ["no preview of this kind"]),
    "empty.txt": (b"", ["This object is empty."]),
    "long.log": (b"line\n" * 100_000, ["the first 256 KiB of 488 KiB", "line\nline"]),
    "table.parquet": (parquet(), ["Rows\n3", "Columns\n3", "INT64", "STRING", "LIST", "SNAPPY"]),
    "no.parquet": (b"x" * 100, ["The preview could not be made"]),
    "broken.png": (b"x" * 100, ["The preview could not be made"]),
}


@pytest.mark.parametrize("key", PREVIEWS)
def test_what_is_in_an_object_can_be_seen(
    page: BrowserPage, local: GatewayProcess, bucket: str, key: str
) -> None:
    content, shown = PREVIEWS[key]
    put(local, key, content=content)
    page.go(f"{bucket}/{key}")
    for text in shown:
        page.wait_for_text(text, ".preview")
    assert page.browser.complaints == []


def test_an_image_is_shown(page: BrowserPage, local: GatewayProcess, bucket: str) -> None:
    put(local, "pixel.gif", content=GIF)
    page.go(f"{bucket}/pixel.gif")
    page.browser.wait_for("document.querySelector('.preview img')?.naturalWidth === 1")


def test_only_as_much_as_is_shown_is_read(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    put(local, "large.log", content=b"line\n" * 1_000_000)
    page.go(f"{bucket}/large.log")
    page.wait_for_text("the first 256 KiB of 4.8 MiB", ".preview")
    (line,) = (line for line in local.output if " GetObject " in line)
    assert f"out={256 * 1024} " in line


def test_a_download_is_the_object(
    page: BrowserPage, local: GatewayProcess, bucket: str, tmp_path: Path
) -> None:
    put(local, "cats/tabby%20cat.txt", content=b"meow" * 1000)
    folder = tmp_path / "downloads"
    page.browser.save_downloads_in(folder)
    page.go(f"{bucket}/cats/tabby%20cat.txt")
    page.click("Download")
    file = folder / "tabby cat.txt"
    assert page.wait_for_file(file) == b"meow" * 1000


def test_lines_to_paste_name_the_object(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    put(local, "it's%20here.txt")
    page.go(f"{bucket}/it's%20here.txt?view=connect")
    page.wait_for_text(f"s3 cp 's3://{bucket}/it'\\''s here.txt' 'it'\\''s here.txt'", ".lines")
    page.wait_for_text(f'"{bucket}", "it\'s here.txt"', ".lines")
    page.wait_for_text(f"{local.endpoint}/{bucket}/it%27s%20here.txt", ".lines")


def test_names_are_text_whatever_is_in_them(
    page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    names = ["<img src=x onerror=alert`1`>", "a b#c", "100%", "a&b=c;d", "%23", "'\""]
    for name in names:
        put(local, quote(name, safe=""))
    page.go(f"{bucket}/")
    page.wait_for_names(*sorted(names))
    for name in names:
        page.go(f"{bucket}/{quote(name, safe='')}")
        page.wait_for_text(name, "h1")
        page.wait_for_text("x", ".preview pre")
    assert page.browser.complaints == []


def test_it_asks_the_gateway_and_nobody_else(
    chromium: Browser, page: BrowserPage, local: GatewayProcess, bucket: str
) -> None:
    put(local, "labels.csv", content=b"a,b\n1,2\n")
    put(local, "table.parquet", content=parquet())
    put(local, "pixel.gif", content=GIF)
    for place in ("", f"{bucket}/", *(f"{bucket}/{key}" for key in ("labels.csv", "pixel.gif"))):
        page.go(place)
        page.wait_for_text("S3 over PFS", "header")
    addresses = {urlsplit(url).netloc for url in chromium.requested if url.startswith("http")}
    assert addresses == {f"{local.host}:{local.port}"}
    assert chromium.complaints == []
    asked = {urlsplit(url).path for url in chromium.requested if "/-/" in url}
    assert {path for path in asked if not path.startswith(("/-/browser/", "/-/vendor/"))} == {
        "/-/",
        "/-/openapi.json",
    } | {path for path in asked if path.startswith("/-/assets/")}
