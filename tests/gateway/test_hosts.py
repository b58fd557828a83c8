from __future__ import annotations

import pytest

from gateway.hosts import is_address, is_host_name, is_loopback, name_of, path_style

DOMAINS = ("localhost", "s3.example", "deep.s3.example")


@pytest.mark.parametrize(
    ("host", "path", "same"),
    [
        ("master.images.localhost:30655", "/a/b", "/master.images/a/b"),
        ("master.images.localhost", "/", "/master.images/"),
        ("images.localhost.", "/a", "/images/a"),
        ("a.b.c.S3.Example:80", "/a", "/a.b.c/a"),
        ("Dev.Images.s3.example", "/a", "/Dev.Images/a"),
        ("b.deep.s3.example", "/a", "/b/a"),
        ("deep.s3.example", "/a", "/a"),
        ("b.s3.example", "/-/docs", "/b/-/docs"),
        ("b.s3.example", "//a%2F%00", "/b//a%2F%00"),
        ("a%2e.s3.example", "/a", "/a%252e/a"),
        ("s3.example", "/b/a", "/b/a"),
        ("localhost:1", "/b/a", "/b/a"),
        ("127.0.0.1", "/b/a", "/b/a"),
        ("[::1]:1", "/b/a", "/b/a"),
        ("b.other.example", "/a", "/a"),
        ("bs3.example", "/a", "/a"),
        ("s3.example.evil", "/a", "/a"),
        (".s3.example", "/a", "//a"),
        ("", "/a", "/a"),
        ("b.s3.example", "*", "*"),
    ],
)
def test_a_host_and_a_path_as_a_path(host: str, path: str, same: str) -> None:
    assert path_style(host.encode(), path.encode(), DOMAINS) == same.encode()
    assert path_style(host.encode(), path.encode(), ()) == path.encode()


def test_a_host_is_what_stands_before_its_port() -> None:
    assert [name_of(text) for text in ("a:1", "a", "a.", "[::1]:1", "a:", "[::1]")] == [
        "a",
        "a",
        "a",
        "[::1]",
        "a",
        "[::1]",
    ]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "a.localhost"]
)
def test_what_only_this_machine_reaches(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.168.1.1", "s3.example", "localhost.example", ""],  # noqa: S104 - compared only
)
def test_what_others_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("text", ["a", "a-b.c", "1.example", "127.0.0.1", "::1", "under_score.a"])
def test_names_of_hosts(text: str) -> None:
    assert is_host_name(text)


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "-a", "a-", "A", "a:1", "a/b", "*", "*.a", "a b", "ü"]
)
def test_what_names_no_host(text: str) -> None:
    assert not is_host_name(text)


@pytest.mark.parametrize("text", ["127.1", "0x7f000001", "2130706433", "1.2.3.4.5", "", "::1::"])
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)
