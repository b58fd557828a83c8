"""What the page has more where the contract declares more: history, parts, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench.servers import BUILD, moto
from tests import chromium as real
from tests.browser_page import AXE, BrowserPage
from tests.chromium import Browser
from tests.pages.stand_in import standing_in
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed"),
    pytest.mark.skipif(
        not (BUILD / "moto" / "ready").exists(),
        reason="moto is not installed: make .build/bench/moto/ready",
    ),
]

BUCKET = "master.images"
SECRET = "a secret"


@pytest.fixture(scope="module")
def other() -> Iterator[Any]:
    """Another S3, and its client."""
    with moto() as target:
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        yield boto3.client("s3", endpoint_url=target.endpoint, region_name="us-east-1", **keys)


@pytest.fixture
def s3(other: Any) -> Iterator[Any]:
    other.create_bucket(Bucket=BUCKET)
    enabled = {"Status": "Enabled"}
    other.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    yield other
    versions = other.list_object_versions(Bucket=BUCKET)
    for one in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
        other.delete_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
    other.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def page(chromium: Browser, local: GatewayProcess, s3: Any) -> Iterator[BrowserPage]:
    with standing_in(local.endpoint, s3.meta.endpoint_url) as endpoint:
        chromium.forget()
        yield BrowserPage(chromium, endpoint)


def written(s3: Any, key: str, *contents: bytes) -> list[str]:
    """Write an object, again and again; gives its versions."""
    return [s3.put_object(Bucket=BUCKET, Key=key, Body=one)["VersionId"] for one in contents]


def content(s3: Any, key: str) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def test_without_versions_there_is_no_history(
    chromium: Browser, local: GatewayProcess, s3: Any
) -> None:
    boto3.client(
        "s3", endpoint_url=local.endpoint, aws_access_key_id="a", aws_secret_access_key="a"
    ).create_bucket(Bucket="master.plain")
    page = BrowserPage(chromium, local.endpoint)
    page.go("master.plain/?view=history")
    page.wait_for_text("There is nothing here yet")
    assert not page.has("History")
    assert not page.has("Sign in")


def test_an_object_is_seen_and_restored_as_it_was(page: BrowserPage, s3: Any) -> None:
    first, _ = written(s3, "in/a.txt", b"the first", b"the second")
    page.go(f"{BUCKET}/in/a.txt")
    page.wait_for_text("the second", ".preview")
    page.click("History")
    page.wait_for_text(first[:12], ".history")
    page.browser.run(f"document.querySelector('.history a[href*=\"{first}\"]').click()")
    page.wait_for_text("the first", ".preview")
    page.wait_for_text(f"as it was at commit {first}", ".past")
    assert not page.has("Delete")
    page.click(f"Restore a.txt as it was at commit {first[:12]}")
    page.wait_for_text("in/a.txt is restored", "#said")
    assert content(s3, "in/a.txt") == b"the first"
    assert len(s3.list_object_versions(Bucket=BUCKET)["Versions"]) == 3


def test_what_was_deleted_is_brought_back(page: BrowserPage, s3: Any) -> None:
    written(s3, "in/a.txt", b"kept")
    written(s3, "in/b.txt", b"kept too")
    page.go(f"{BUCKET}/in/")
    page.click("Choose a.txt")
    page.click("Delete")
    page.wait_for_text("Their versions stay in the history", "dialog")
    page.click("Delete")
    page.wait_for_names("b.txt")
    page.click("History")
    page.click("Bring back a.txt")
    page.wait_for_text("in/a.txt is back", "#said")
    assert content(s3, "in/a.txt") == b"kept"


def test_a_long_history_comes_in_parts(page: BrowserPage, s3: Any) -> None:
    written(s3, "a.txt", *(b"%d" % number for number in range(130)))
    written(s3, "a.txt.more", b"another object")
    page.go(f"{BUCKET}/a.txt?view=history")
    sections = "document.querySelectorAll('.history section').length"
    page.browser.wait_for(f"{sections} === 100")
    page.click("Show more")
    page.browser.wait_for(f"{sections} === 130")
    assert not page.has("Show more")


def test_a_large_file_goes_up_in_parts(page: BrowserPage, s3: Any, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(range(256)) * (70 * 4096))
    page.go(f"{BUCKET}/")
    page.upload(file)
    page.wait_for_text("Done", "#transfers")
    assert content(s3, "large.bin") == file.read_bytes()
    assert s3.head_object(Bucket=BUCKET, Key="large.bin")["ETag"].endswith('-5"')


def test_a_cancelled_upload_leaves_no_parts(page: BrowserPage, s3: Any, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(70 * 1024**2))
    page.browser.slow_down(upload_bytes_per_second=1_000_000)
    page.go(f"{BUCKET}/")
    page.browser.wait_for("document.querySelector('#files') !== null")
    page.browser.choose_file("#files", file)
    bar = "document.querySelector('#transfers progress')"
    page.browser.wait_for(f"{bar} !== null && {bar}.value > 0")
    page.click("Cancel large.bin")
    page.browser.slow_down()
    page.wait_for_text("Cancelled", "#transfers")
    page.browser.wait_for(
        f"fetch('/{BUCKET}?uploads').then(a => a.text()).then(t => !t.includes('<Upload>'))"
    )
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


@pytest.fixture(params=["us-east-1", "eu-central-1"])
def signed_page(
    request: pytest.FixtureRequest, chromium: Browser, local: GatewayProcess, s3: Any
) -> Iterator[BrowserPage]:
    with standing_in(local.endpoint, s3.meta.endpoint_url, SECRET, request.param) as endpoint:
        chromium.open(f"{endpoint}/-/")
        chromium.run("sessionStorage.clear()")
        chromium.forget()
        yield BrowserPage(chromium, endpoint)


def sign_in(page: BrowserPage, secret: str = SECRET) -> None:
    page.click("Sign in")
    page.fill("Access key", "AKID")
    page.fill("Secret key", secret)
    page.browser.press("Enter")


def test_with_keys_people_sign_in(signed_page: BrowserPage, s3: Any) -> None:
    page = signed_page
    page.go()
    page.wait_for_text("You may not see this")
    sign_in(page, "another secret")
    page.wait_for_text("The secret is another.", "dialog")
    page.fill("Secret key", SECRET)
    page.browser.press("Enter")
    page.wait_for_names(BUCKET)
    page.wait_for_text("AKID", "header")
    page.click("Sign out")
    page.wait_for_text("You may not see this")
    assert page.browser.run("sessionStorage.length") == 0


def test_with_keys_every_request_is_signed(
    signed_page: BrowserPage, s3: Any, tmp_path: Path
) -> None:
    page = signed_page
    name = "it's (a) + name!.txt"
    written(s3, f"in/{name}", b"signed")
    page.go()
    sign_in(page)
    for shown in (BUCKET, "in/", name):
        page.click(shown)
    page.wait_for_text("signed", ".preview")
    page.browser.save_downloads_in(tmp_path / "downloads")
    page.click("Download")
    assert page.wait_for_file(tmp_path / "downloads" / name) == b"signed"
    file = tmp_path / "b.txt"
    file.write_bytes(b"by a signed request")
    page.go(f"{BUCKET}/")
    page.upload(file)
    page.wait_for_names("in/", "b.txt")
    assert content(s3, "b.txt") == b"by a signed request"
    page.click("Choose b.txt")
    page.click("Delete")
    page.click("Delete")
    page.wait_for_names("in/")


def test_the_pair_stays_in_the_tab(signed_page: BrowserPage) -> None:
    page = signed_page
    page.go()
    sign_in(page)
    page.wait_for_names(BUCKET)
    page.browser.run("location.reload()")
    page.wait_for_names(BUCKET)
    assert page.browser.run("localStorage.length + document.cookie.length") == 0
    assert SECRET not in page.browser.run("document.documentElement.outerHTML")


def test_where_a_browser_cannot_sign_it_says_why(
    tmp_path_factory: pytest.TempPathFactory, local: GatewayProcess, s3: Any
) -> None:
    rule = "--host-resolver-rules=MAP *.example 127.0.0.1"
    with (
        Browser(tmp_path_factory.mktemp("profile"), rule) as browser,
        standing_in(local.endpoint, s3.meta.endpoint_url, SECRET) as endpoint,
    ):
        page = BrowserPage(browser, endpoint.replace("127.0.0.1", "gateway.example"))
        page.go()
        page.click("Sign in")
        page.wait_for_text("Browsers sign requests only on HTTPS", "dialog")
        page.click("Close")


@pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: make .build/pages/ready")
def test_axe_finds_nothing_in_a_history(page: BrowserPage, s3: Any) -> None:
    written(s3, "a.txt", b"one", b"two")
    s3.delete_object(Bucket=BUCKET, Key="a.txt")
    for width in (1280, 390):
        page.browser.look(width)
        page.go(f"{BUCKET}/?view=history")
        page.wait_for_text("was deleted", ".history")
        assert page.problems() == []
