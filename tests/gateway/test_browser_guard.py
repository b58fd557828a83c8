"""What browsers say of a request's origin, sent as they send it, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.settings import BadSetting, Settings
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

EVIL = "https://evil.example"
OBJECT = "/master.b/page.html"


def with_object(gateway: GatewayProcess) -> GatewayProcess:
    assert send(gateway, "PUT", "/master.b", b"").status == 200
    assert send(gateway, "PUT", OBJECT, b"<script>").status == 200
    return gateway


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway as it is started without any option."""
    with GatewayProcess(tmp_path_factory.mktemp("local") / "pfs") as gateway:
        yield with_object(gateway)


@pytest.fixture(scope="module")
def open_to_some(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that is told whom it may trust."""
    options = ["--allowed-host", "s3.internal", "--allowed-host", "other.internal"]
    options += ["--allowed-origin", "https://app.example", "--domain", "s3.example"]
    with GatewayProcess(tmp_path_factory.mktemp("open") / "pfs", *options) as gateway:
        yield with_object(gateway)


def refused(answer: Answer) -> bool:
    """Whether the guard refused; and if so, in S3's words and with no leave to read them."""
    assert not [name for name in answer.headers if name.startswith("access-control")]
    if answer.status != 403:
        return False
    assert answer.code == "AccessDenied"
    assert "--allowed-" in answer.said
    return True


METHODS = [("GET", None), ("PUT", b"evil"), ("POST", b"evil"), ("DELETE", None), ("OPTIONS", None)]
FOREIGN = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "file://"},
    {"Origin": "chrome-extension://abcdef"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example.evil.example"},
    {"Sec-Fetch-Site": "something-new"},
    {"Sec-Fetch-Site": ""},
    {"Origin": EVIL, "Access-Control-Request-Method": "PUT"},
    {"Origin": EVIL, "Access-Control-Request-Private-Network": "true"},
    {"Origin": EVIL, "Connection": "Upgrade", "Upgrade": "websocket"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(("method", "body"), METHODS)
def test_a_page_of_another_origin_is_refused(
    local: GatewayProcess, headers: dict[str, str], method: str, body: bytes | None
) -> None:
    for path in (
        OBJECT,
        "/master.b",
        "/master.b?delete",
        "/",
        "/master.new",
        "//",
        "/master.b?acl",
    ):
        assert refused(send(local, method, path, body, headers))
    assert send(local, "GET", OBJECT).body == b"<script>"
    assert send(local, "GET", "/").texts("Buckets", "Bucket", "Name") == ["master.b"]


def test_a_refusal_says_who_and_what_to_do(local: GatewayProcess) -> None:
    said = send(local, "GET", "/", headers={"Origin": EVIL}).said
    assert EVIL in said
    assert f"--allowed-origin {EVIL}" in said
    said = send(local, "GET", "/", headers={"Host": "evil.example:30655"}).said
    assert "--allowed-host evil.example." in said


OUR_OWN = [
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://{host}"},
    {"Origin": "https://{host}"},
    {},
]


@pytest.mark.parametrize("headers", OUR_OWN)
def test_our_own_pages_and_programs_are_not_refused(
    local: GatewayProcess, headers: dict[str, str]
) -> None:
    host = f"{local.host}:{local.port}"
    sent = {name: value.format(host=host) for name, value in headers.items()}
    assert send(local, "GET", OBJECT, headers=sent).body == b"<script>"
    assert send(local, "PUT", "/master.b/new", b"1", sent).status == 200
    assert send(local, "DELETE", "/master.b/new", headers=sent).status == 204


def test_a_default_port_goes_without_saying(open_to_some: GatewayProcess) -> None:
    for host, origin in [
        ("s3.internal", "http://s3.internal"),
        ("s3.internal:80", "http://s3.internal"),
        ("s3.internal:443", "https://s3.internal"),
        ("S3.Internal", "http://s3.internal"),
    ]:
        headers = {"Host": host, "Origin": origin}
        assert send(open_to_some, "GET", OBJECT, headers=headers).status == 200
    headers = {"Host": "s3.internal:80", "Origin": "https://s3.internal"}
    assert refused(send(open_to_some, "GET", OBJECT, headers=headers))


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        ("127.0.0.1:30655", True),
        ("127.0.0.1", True),
        ("[::1]:30655", True),
        ("192.168.1.1", True),
        ("localhost:1", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("master.b.localhost", True),
        ("evil.example", False),
        ("evil.example:30655", False),
        ("evil.example.", False),
        ("localhost.evil.example", False),
        ("notlocalhost", False),
        ("127.0.0.1.evil.example", False),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("s3.internal", False),
        ("gateway", False),
    ],
)
def test_names_that_are_not_this_machines_are_refused(
    local: GatewayProcess, host: str, passes: bool
) -> None:
    for path in ("/", OBJECT, "/-/docs", "/-/openapi.json"):
        assert refused(send(local, "GET", path, headers={"Host": host})) is not passes
    assert refused(send(local, "PUT", "/master.b/x", b"1", {"Host": host})) is not passes
    if passes:
        assert send(local, "DELETE", "/master.b/x").status == 204


def test_the_host_of_an_absolute_target_counts(local: GatewayProcess) -> None:
    assert refused(send(local, "GET", f"http://evil.example{OBJECT}"))
    assert send(local, "GET", f"http://localhost{OBJECT}").status == 200


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_who_names_no_host_is_no_browser(local: GatewayProcess, version: str) -> None:
    host = "" if version == "1.0" else "Host:\r\n"
    with Connection(local) as connection:
        connection.send(f"GET {OBJECT} HTTP/{version}\r\n{host}\r\n".encode())
        assert connection.read().body == b"<script>"


@pytest.mark.parametrize(
    "host", ["s3.internal", "OTHER.internal:1", "s3.example", "b.s3.example", "127.0.0.1"]
)
def test_names_that_it_is_told_pass(open_to_some: GatewayProcess, host: str) -> None:
    assert not refused(send(open_to_some, "GET", "/", headers={"Host": host}))
    assert refused(send(open_to_some, "GET", "/", headers={"Host": "sub.s3.internal"}))


def test_origins_that_it_is_told_pass(open_to_some: GatewayProcess) -> None:
    trusted = "https://app.example"
    for headers in (
        {"Origin": trusted},
        {"Origin": trusted, "Sec-Fetch-Site": "cross-site"},
        {"Referer": trusted + "/path?query", "Sec-Fetch-Site": "cross-site"},
    ):
        assert not refused(send(open_to_some, "GET", OBJECT, headers=headers))
    for headers in (
        {"Origin": EVIL, "Referer": trusted + "/"},
        {"Referer": EVIL + "/" + trusted, "Sec-Fetch-Site": "cross-site"},
        {"Referer": trusted + ".evil.example/", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://app.example:444"},
        {"Origin": "http://app.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert refused(send(open_to_some, "GET", OBJECT, headers=headers))


def test_a_star_opens_to_all(tmp_path: Path) -> None:
    options = ("--allowed-host", "*", "--allowed-origin", "*")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        with_object(gateway)
        for headers in [*FOREIGN, {"Host": "evil.example"}]:
            assert send(gateway, "GET", OBJECT, headers=headers).status == 200


def test_on_a_network_the_host_is_anybodys_and_the_origin_is_not(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--host", "0.0.0.0") as gateway:  # noqa: S104 - for this
        with_object(gateway)
        assert send(gateway, "GET", OBJECT, headers={"Host": "s3.internal"}).status == 200
        assert refused(send(gateway, "GET", OBJECT, headers={"Origin": EVIL}))
        ours = {"Host": "s3.internal", "Origin": "http://s3.internal"}
        assert send(gateway, "GET", OBJECT, headers=ours).status == 200


def test_on_a_network_the_host_counts_where_names_are_given(tmp_path: Path) -> None:
    options = ("--host", "0.0.0.0", "--allowed-host", "s3.internal")  # noqa: S104 - for this
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        with_object(gateway)
        for host in ("s3.internal", "localhost:30655", "192.0.2.1"):
            assert send(gateway, "GET", OBJECT, headers={"Host": host}).status == 200
        assert refused(send(gateway, "GET", OBJECT, headers={"Host": "evil.example"}))


def test_pages_of_ours_may_be_linked_to(local: GatewayProcess) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = send(local, "GET", "/-/docs", headers=headers)
    assert answer.status == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_what_a_browser_shows_of_an_object_cannot_act(local: GatewayProcess) -> None:
    shown = [
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
    ]
    for headers in shown:
        answer = send(local, "GET", OBJECT, headers=headers)
        assert answer.headers["content-type"] == "text/html"
        assert answer.headers["content-security-policy"] == "sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in send(local, "GET", OBJECT).headers


def test_a_refused_upload_is_refused_before_its_body(local: GatewayProcess) -> None:
    headers = {"Origin": EVIL, "Content-Length": "1000000", "Expect": "100-continue"}
    with Connection(local) as connection:
        connection.send(connection.head("PUT", OBJECT, None, headers))
        answer = connection.read()
        assert (answer.status, answer.interim) == (403, [])
        assert connection.is_closed()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"allowed_host": ("a/b",)}, "--allowed-host: 'a/b' is not a name"),
        ({"allowed_host": ("a:1",)}, "--allowed-host: 'a:1' is not a name"),
        ({"allowed_host": ("A",)}, "lower case"),
        ({"domain": ("*",)}, "--domain: '\\*' is not a name"),
        ({"domain": ("",)}, "--domain: '' is not a name"),
        ({"allowed_origin": ("app.example",)}, "--allowed-origin: 'app.example' is not an origin"),
        ({"allowed_origin": ("https://a/",)}, "--allowed-origin: 'https://a/' is not an origin"),
    ],
)
def test_names_are_checked(given: dict[str, tuple[str, ...]], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        Settings(**given)  # type: ignore[arg-type]


def test_names_come_several_in_a_variable() -> None:
    settings = Settings.from_environment(
        {"S3GATEWAY_ALLOWED_HOST": "a.example, b.example,", "S3GATEWAY_DOMAIN": ""}
    )
    assert settings.allowed_host == ("a.example", "b.example")
    assert settings.domain == ()
    assert Settings.from_environment(settings.to_environment()) == settings
