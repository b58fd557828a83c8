"""The API's documentation in a real browser: every operation tried out, wherever it is opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import trustme

from tests import chromium
from tests.chromium import Browser
from tests.contract.compositions import each_composition
from tests.contract.under_test import ContractUnderTest
from tests.docs_page import DocsPage, Tried
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.skipif(chromium.PROGRAM is None, reason="chromium is not installed"),
    pytest.mark.timeout(600),
]

BUCKET = "master.images"
KEY = "dogs/rex.jpg"
NAMED = "gateway.example"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    options = ["--host-resolver-rules=MAP *.example 127.0.0.1", "--ignore-certificate-errors"]
    with Browser(tmp_path_factory.mktemp("profile"), *options) as browser:
        yield browser


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(file)
    return str(file)


@pytest.fixture
def gateway(layers: tuple[str, ...], tmp_path: Path) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "pfs", layers=layers) as gateway:
        yield gateway


@pytest.fixture
def page(browser: Browser, gateway: GatewayProcess, contract: ContractUnderTest) -> DocsPage:
    browser.forget()
    return DocsPage(browser, f"{gateway.endpoint}/-/docs", contract)


def file_of(folder: Path, content: bytes) -> Path:
    """A new file: a browser takes one that is chosen again for no change."""
    file = folder / f"chosen-{len(list(folder.iterdir()))}"
    file.write_bytes(content)
    return file


def hosts_asked(browser: Browser) -> set[str]:
    return {urlsplit(url).netloc for url in browser.requested if not url.startswith("data:")}


@each_composition
def test_it_loads_from_here_alone_and_complains_of_nothing(
    browser: Browser, gateway: GatewayProcess, contract: ContractUnderTest, page: DocsPage
) -> None:
    for name in contract.operations:
        block = page.expand(name)
        assert name in browser.run(f"{block}.querySelector('.opblock-summary').textContent")
        page.collapse(block)
    browser.run("null")
    assert browser.complaints == []
    assert hosts_asked(browser) == {f"{gateway.host}:{gateway.port}"}


def every_operation(page: DocsPage, folder: Path) -> dict[str, Tried]:
    """Execute each with what its form holds at first, in an order in which it can succeed."""
    content = file_of(folder, b"a dog")
    first = ("CreateBucket", "HeadBucket", "GetBucketLocation", "ListBuckets")
    then = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2", "DeleteObject")
    tried = {name: page.try_out(name) for name in first}
    tried["PutObject"] = page.try_out("PutObject", file=content)
    tried |= {name: page.try_out(name) for name in then}
    return tried | {name: page.try_out(name) for name in ("DeleteObjects", "DeleteBucket")}


@pytest.mark.parametrize(
    ("host", "options"),
    [
        pytest.param("127.0.0.1", [], id="address"),
        pytest.param("localhost", ["--domain", "localhost"], id="domain"),
        # To what is no secure context, browsers say less about where a request comes from.
        pytest.param(NAMED, ["--allowed-host", NAMED], id="name"),
        pytest.param("localhost", ["--tls-cert"], id="tls"),
    ],
)
def test_every_operation_works_as_the_form_has_it(
    browser: Browser,
    contract: ContractUnderTest,
    tmp_path: Path,
    certificate: str,
    host: str,
    options: list[str],
) -> None:
    if options == ["--tls-cert"]:
        options = [*options, certificate]
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        base = f"{gateway.endpoint.partition(':')[0]}://{host}:{gateway.port}"
        browser.forget()
        tried = every_operation(DocsPage(browser, f"{base}/-/docs", contract), tmp_path)
        assert tried.keys() == contract.operations.keys()
        for name, one in tried.items():
            assert one.status in (200, 204), (name, one)
            assert one.url.startswith(base)
        lines = [line.split(' "')[0].split()[-1] for line in gateway.output]
    assert lines == list(tried)
    browser.run("null")
    assert browser.complaints == []
    assert hosts_asked(browser) == {f"{host}:{gateway.port}", ""}, "'' is what the page has made"


def test_what_it_shows_is_what_there_is(
    gateway: GatewayProcess, page: DocsPage, tmp_path: Path
) -> None:
    assert page.try_out("CreateBucket", bucket="master.b").status == 200
    assert send(gateway, "GET", "/").texts("Buckets", "Bucket", "Name") == ["master.b"]
    stored = page.try_out(
        "PutObject", bucket="master.b", key="a.txt", file=file_of(tmp_path, b"from the page")
    )
    answer = send(gateway, "GET", "/master.b/a.txt")
    assert answer.body == b"from the page"
    assert answer.headers["etag"] in stored.shown
    assert send(gateway, "PUT", "/master.b/dogs/b.txt", b"from elsewhere").status == 200
    assert "from elsewhere" in page.try_out("GetObject", bucket="master.b", key="dogs/b.txt").shown
    assert send(gateway, "PUT", "/master.b/dogs/b.txt", b"and anew").status == 200
    assert "and anew" in page.try_out("GetObject", bucket="master.b", key="dogs/b.txt").shown
    part = page.try_out("GetObject", bucket="master.b", key="a.txt", Range="bytes=5-7")
    assert (part.status, "content-range: bytes 5-7/13" in part.shown) == (206, True)
    assert "content-length: 13" in page.try_out("HeadObject", bucket="master.b", key="a.txt").shown
    listed = page.try_out("ListObjectsV2", bucket="master.b", prefix="dogs/", delimiter="/").shown
    assert "dogs/b.txt" in listed
    assert "a.txt" not in listed
    body = "<Delete><Object><Key>a.txt</Key></Object><Object><Key>a*b</Key></Object></Delete>"
    deleted = page.try_out("DeleteObjects", bucket="master.b", body=body)
    assert "a*b" in deleted.shown
    assert send(gateway, "GET", "/master.b").texts("Contents", "Key") == ["dogs/b.txt"]
    refused = page.try_out("DeleteBucket", bucket="master.b")
    assert (refused.status, "BucketNotEmpty" in refused.shown) == (409, True)
    assert page.try_out("DeleteObject", bucket="master.b", key="dogs/b.txt").status == 204
    assert page.try_out("DeleteBucket", bucket="master.b").status == 204
    assert send(gateway, "GET", "/").texts("Buckets", "Bucket", "Name") == []


STORED = ["a b/c d", "a#b", "100%", "%23", "a&b=c;d", "#", "a/#list-type=2", "$x:'y',\"z\"<w>|~`"]
REFUSED = ["a?b", "a+b", "ü", "日本", "a//b", "../a", "a\\b"]


def test_keys_are_sent_as_they_are_written(
    gateway: GatewayProcess, page: DocsPage, tmp_path: Path
) -> None:
    send(gateway, "PUT", f"/{BUCKET}")
    for key in STORED:
        content = file_of(tmp_path, key.encode())
        assert page.try_out("PutObject", key=key, file=content).status == 200, key
        assert send(gateway, "GET", f"/{BUCKET}/{quote(key)}").body == key.encode()
    assert sorted(send(gateway, "GET", f"/{BUCKET}").texts("Contents", "Key")) == sorted(STORED)
    for key in REFUSED:
        tried = page.try_out("PutObject", key=key, file=file_of(tmp_path, b"x"))
        assert (tried.status, "InvalidFilePath" in tried.shown) == (400, True), (key, tried)
    listed = page.try_out("ListObjectsV2", prefix="a#", start_after="a b/c&d=#?+%")
    assert (listed.status, "<Key>a#b</Key>" in listed.shown) == (200, True)


def test_nothing_in_its_address_chooses_another_document(
    browser: Browser, gateway: GatewayProcess, contract: ContractUnderTest
) -> None:
    evil = "data:application/json," + quote(
        json.dumps({"openapi": "3.0.3", "info": {"title": "E"}})
    )
    asked = "&".join(f"{name}={quote(evil)}" for name in ("url", "configUrl", "urls", "spec"))
    for query in (asked, "config=http://evil.example/&url=http://evil.example/openapi.json"):
        browser.forget()
        DocsPage(browser, f"{gateway.endpoint}/-/docs?{query}", contract)
        assert browser.run("document.querySelector('.info .title').innerText").startswith(
            "S3 over PFS"
        )
        assert hosts_asked(browser) == {f"{gateway.host}:{gateway.port}"}
        assert not [url for url in browser.requested if url.startswith("data:application")]
        assert browser.complaints == []


def test_on_a_port_of_its_own_it_says_that_nothing_can_be_tried_out(
    browser: Browser, contract: ContractUnderTest, tmp_path: Path
) -> None:
    with GatewayProcess(tmp_path / "pfs", "--admin-port", "0") as gateway:
        docs = next(line.split()[-1] for line in gateway.log if line.startswith("API docs"))
        browser.forget()
        page = DocsPage(browser, docs, contract)
        here = f"http://{gateway.host}:{gateway.port}"
        assert here in browser.run("document.querySelector('.notice').innerText")
        assert browser.run("document.querySelector('.servers select').value") == here
        for name in contract.operations:
            block = page.expand(name)
            assert browser.run(f"{block}.querySelector('.try-out') === null")
            page.collapse(block)
        assert browser.complaints == []
        fetched = f"fetch('{here}/', {{method: 'PUT'}}).catch(error => 'refused')"
        assert browser.run(fetched) == "refused"
