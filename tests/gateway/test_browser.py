"""A real browser next door: what a page on another port can make it do to a gateway, and not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import chromium
from tests.chromium import Browser
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.skipif(chromium.PROGRAM is None, reason="chromium is not installed"),
    pytest.mark.xdist_group("chromium"),
]

SECRET = "window.leaked = 'a secret in an object'"
# One white pixel, and an image that a page can tell from none by its size.
GIF = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)
HTML = b"<script>fetch('/master.b/stolen', {method: 'PUT', body: document.cookie})</script>shown"
OBJECTS = {"secret.js": SECRET.encode(), "pixel.gif": GIF, "page.html": HTML}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("browser") / "pfs") as gateway:
        assert send(gateway, "PUT", "/master.b", b"").status == 200
        for key, content in OBJECTS.items():
            assert send(gateway, "PUT", f"/master.b/{key}", content).status == 200
        yield gateway


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    rebinding = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    with Browser(tmp_path_factory.mktemp("profile"), rebinding) as browser:
        yield browser


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>evil</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def next_door() -> Iterator[int]:
    """The port of somebody else's page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def nothing_changed(gateway: GatewayProcess) -> bool:
    listed = send(gateway, "GET", "/master.b").texts("Contents", "Key")
    buckets = send(gateway, "GET", "/").texts("Buckets", "Bucket", "Name")
    return (listed, buckets) == (sorted(OBJECTS), ["master.b"])


READS = """(async () => {
  const outcomes = {};
  for (const mode of ['cors', 'no-cors'])
    for (const path of ['/', '/master.b', '/master.b/secret.js', '/-/openapi.json'])
      outcomes[mode + path] = await fetch(BASE + path, {mode, credentials: 'include'})
        .then(async answer => answer.type == 'opaque' ? 'opaque' : await answer.text())
        .catch(error => 'refused');
  return outcomes;
})()"""

WRITES = """(async () => {
  const tried = [];
  const send = (method, path, mode, body, headers) =>
    tried.push(fetch(BASE + path, {method, mode, body, headers}).catch(() => null));
  const all = '<Delete><Object><Key>secret.js</Key></Object></Delete>';
  send('PUT', '/master.b/stolen', 'cors', 'x');
  send('PUT', '/master.new', 'cors');
  send('DELETE', '/master.b/secret.js', 'cors');
  send('POST', '/master.b?delete', 'no-cors', all);
  send('POST', '/master.b?delete', 'no-cors', new Blob([all], {type: 'text/plain'}));
  send('POST', '/master.b?delete', 'cors', all, {'Content-Type': 'application/xml'});
  navigator.sendBeacon(BASE + '/master.b?delete', all);
  await Promise.all(tried);
  return tried.length;
})()"""

ELEMENTS = """(async () => {
  const outcomes = {};
  const load = (name, element, address) => new Promise(resolve => {
    const done = outcome => { outcomes[name] = outcome; resolve(); };
    element.onload = () => done('loaded');
    element.onerror = () => done('refused');
    setTimeout(() => done('nothing'), 10000);
    element[address] = BASE + (name == 'image' ? '/master.b/pixel.gif' : '/master.b/secret.js');
    document.body.append(element);
  });
  const style = document.createElement('link');
  style.rel = 'stylesheet';
  await load('image', document.createElement('img'), 'src');
  await load('script', document.createElement('script'), 'src');
  await load('style', style, 'href');
  outcomes.width = document.querySelector('img').naturalWidth;
  outcomes.leaked = window.leaked || null;
  outcomes.socket = await new Promise(resolve => {
    const socket = new WebSocket(BASE.replace('http', 'ws') + '/master.b/secret.js');
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  });
  outcomes.events = await new Promise(resolve => {
    const events = new EventSource(BASE + '/master.b/secret.js');
    events.onopen = () => resolve('open');
    events.onerror = () => { events.close(); resolve('refused'); };
  });
  return outcomes;
})()"""

FORM = """(async () => {
  const frame = document.createElement('iframe');
  frame.name = 'target';
  document.body.append(frame);
  const form = document.createElement('form');
  Object.assign(form, {action: BASE + '/master.b?delete', method: 'post', target: 'target'});
  form.enctype = 'text/plain';
  const field = document.createElement('input');
  field.name = '<Delete><Object><Key>secret.js</Key></Object><!--';
  field.value = '--></Delete>';
  form.append(field);
  document.body.append(form);
  const loaded = new Promise(resolve => { frame.onload = resolve; });
  form.submit();
  await loaded;
  return true;
})()"""


@pytest.fixture(params=["127.0.0.1", "localhost", "evil.example"])
def at_the_evil_page(
    request: pytest.FixtureRequest, browser: Browser, gateway: GatewayProcess, next_door: int
) -> Browser:
    browser.open(f"http://{request.param}:{next_door}/")
    browser.run(f"window.BASE = 'http://127.0.0.1:{gateway.port}'")
    return browser


def test_a_page_next_door_reads_nothing(at_the_evil_page: Browser, gateway: GatewayProcess) -> None:
    outcomes = at_the_evil_page.run(READS)
    assert len(outcomes) == 8
    # An opaque answer is one that the page cannot look into.
    assert set(outcomes.values()) == {"refused", "opaque"}
    assert nothing_changed(gateway)


def test_a_page_next_door_writes_nothing(
    at_the_evil_page: Browser, gateway: GatewayProcess
) -> None:
    assert at_the_evil_page.run(WRITES) == 6
    assert at_the_evil_page.run(FORM)
    assert nothing_changed(gateway)


def test_elements_of_a_page_next_door_show_nothing(
    at_the_evil_page: Browser, gateway: GatewayProcess
) -> None:
    outcomes = at_the_evil_page.run(ELEMENTS)
    # A style sheet that is an error is not applied, but some browsers call that loaded.
    assert outcomes.pop("style") in ("refused", "loaded")
    assert outcomes == {
        "image": "refused",
        "script": "refused",
        "width": 0,
        "leaked": None,
        "socket": "refused",
        "events": "refused",
    }
    assert nothing_changed(gateway)


def test_a_name_that_was_made_to_point_here_is_no_way_in(
    browser: Browser, gateway: GatewayProcess
) -> None:
    browser.open(f"http://evil.example:{gateway.port}/")
    assert "AccessDenied" in browser.run("document.documentElement.textContent")
    fetched = browser.run("fetch('/master.b/secret.js').then(answer => answer.status)")
    assert fetched == 403
    write = "fetch('/master.b/stolen', {method: 'PUT', body: 'x'}).then(answer => answer.status)"
    assert browser.run(write) == 403
    assert nothing_changed(gateway)


def test_an_object_that_is_a_page_is_shown_and_does_nothing(
    browser: Browser, gateway: GatewayProcess
) -> None:
    browser.open(f"http://127.0.0.1:{gateway.port}/master.b/page.html")
    assert browser.run("document.body.textContent").endswith("shown")
    assert browser.run("origin") == "null"
    assert nothing_changed(gateway)


def test_the_address_bar_works(browser: Browser, gateway: GatewayProcess) -> None:
    browser.open(f"http://localhost:{gateway.port}/")
    assert "master.b" in browser.run("document.documentElement.textContent")


BLOCK = '[id^="operations-Service-"][id$="list_buckets"]'


def test_the_documentation_can_be_tried_out(browser: Browser, gateway: GatewayProcess) -> None:
    for host in ("127.0.0.1", "localhost"):
        browser.open(f"http://{host}:{gateway.port}/-/docs")
        browser.wait_for(f"document.querySelector(`{BLOCK}`) !== null")
        for button in (".opblock-summary-control", ".try-out__btn", ".execute"):
            found = f"document.querySelector(`{BLOCK} {button}`)"
            browser.wait_for(f"{found} !== null")
            browser.run(f"{found}.click()")
        live = f"document.querySelector(`{BLOCK} .live-responses-table`)"
        browser.wait_for(f"{live} !== null && {live}.textContent.includes('master.b')")
        write = "fetch('/master.b/tried', {method: 'PUT', body: 'x'}).then(answer => answer.status)"
        assert browser.run(write) == 200
        erase = "fetch('/master.b/tried', {method: 'DELETE'}).then(answer => answer.status)"
        assert browser.run(erase) == 204
    assert nothing_changed(gateway)
