from __future__ import annotations

import logging
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from gateway.guards import key_file
from gateway.guards.key_file import KeyFile, read_keys
from gateway.settings import BadSetting
from s3_wire.signature_errors import InvalidAccessKeyId
from tests.keys.conftest import KEYS
from tests.keys.conftest import key_file as written
from tests.keys.signer import Key, Signer
from tests.raw_http import send
from tests.servers import GatewayProcess

SECRET = "sixteen characters"


def test_a_file_of_keys_is_read(tmp_path: Path) -> None:
    keys = read_keys(written(tmp_path))
    assert set(keys) == {"WRITER", "READER", "FORMER", "OTHER"}
    assert keys["WRITER"].access.may_write
    assert not keys["READER"].access.may_write
    assert "secret" not in repr(keys["WRITER"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has to hold"),
        ("[keys]\n", "has to hold"),
        ("other = 1\n[keys.ABC]\n", "has to hold"),
        ("[keys.ABC]\n", "needs a secret"),
        ("keys = 3", "has to hold"),
        ("[keys]\nABC = 3", "write it as a table"),
        ('[keys.ABC]\nsecret = "short"\naccess = "read"', "needs a secret of 8"),
        (f'[keys.ABC]\nsecret = "{SECRET}"', 'needs access = "read"'),
        (f'[keys.ABC]\nsecret = "{SECRET}"\naccess = "all"', 'needs access = "read"'),
        (f'[keys.ABC]\nsecret = "{SECRET}"\naccess = "read"\nbucket = "a"', "has bucket, which"),
        (f'[keys.ABC]\nsecret = "{SECRET}"\naccess = "read"\nbuckets = "a"', "not a list"),
        (f'[keys.ABC]\nsecret = "{SECRET}"\naccess = "read"\nbuckets = [""]', "not a pattern"),
        (
            f'[keys.ABC]\nsecret = "{SECRET}"\naccess = "read"\nexpires = 2027-01-31',
            "not a time such",
        ),
        (f'[keys."A/B"]\nsecret = "{SECRET}"\naccess = "read"', "3 to 128 letters"),
        (f'[keys.ABC]\nsecret = "{SECRET}\n', "line 2"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(BadSetting, match=says) as raised:
        read_keys(file)
    assert str(file) in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.chmod(0o644)
    with pytest.raises(BadSetting, match="others may read it"):
        read_keys(file)
    with pytest.raises(BadSetting, match="No such file"):
        read_keys(tmp_path / "nosuch")
    file.chmod(0o640)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match="not UTF-8"):
        read_keys(file)


def test_a_file_that_changes_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(key_file, "_CHECK_SECONDS", 0)
    caplog.set_level(logging.INFO)
    file = written(tmp_path)
    keys = KeyFile(file)
    keys.find("READER")
    written(tmp_path, KEYS.replace("READER", "ANOTHER"))
    keys.find("ANOTHER")
    assert "4 access keys" in caplog.text
    with pytest.raises(InvalidAccessKeyId):
        keys.find("READER")
    written(tmp_path, "broken")
    keys.find("ANOTHER")
    assert "the keys of before go on" in caplog.text
    file.unlink()
    keys.find("ANOTHER")
    assert "No such file" in caplog.text
    assert caplog.text.count("No such file") == 1
    written(tmp_path)
    keys.find("READER")


def test_kubernetes_exchanges_what_a_link_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "_CHECK_SECONDS", 0)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    written(tmp_path / "first")
    written(tmp_path / "second", KEYS.replace("READER", "ANOTHER"))
    (tmp_path / "data").symlink_to("first")
    keys = KeyFile(tmp_path / "data" / "keys.toml")
    (tmp_path / "new").symlink_to("second")
    (tmp_path / "new").rename(tmp_path / "data")
    keys.find("ANOTHER")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_makes_keys_that_work(tmp_path: Path) -> None:
    made = [command("keys", "new").stdout, command("keys", "new", "--access", "read",
            "--bucket", "*.images", "--bucket", "master.b").stdout]  # fmt: skip
    file = written(tmp_path, "".join(made))
    first, second = read_keys(file).items()
    assert first[1].access.may_write
    assert not second[1].access.may_write
    given = tomllib.loads(made[1])["keys"][second[0]]
    assert given["buckets"] == ["*.images", "master.b"]
    with GatewayProcess(tmp_path / "pfs", "--access-keys", str(file)) as gateway:
        assert Signer(Key(first[0], first[1].secret)).send(gateway, "GET", "/").status == 200
        said = "".join(gateway.log)
        assert f"Access keys   {file}" in said
        assert "--no-sign-request" not in said


def test_the_command_refuses_what_is_no_pattern() -> None:
    done = command("keys", "new", "--bucket", "a.b.c.d")
    assert done.returncode == 2
    assert "not a pattern" in done.stderr


def test_a_gateway_does_not_start_with_keys_that_others_may_read(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.chmod(0o604)
    done = command("--port", "0", "--pfs", f"embedded:{tmp_path}/pfs", "--access-keys", str(file))
    assert done.returncode == 2
    assert "others may read it" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_pages_hold_no_data_and_metrics_need_a_key(keyed: GatewayProcess) -> None:
    for page in ("/-/health", "/-/ready", "/-/", "/-/docs", "/-/openapi.json"):
        assert send(keyed, "GET", page).status == 200
    assert b"master.other" not in send(keyed, "GET", "/-/").body
    for page in ("/-/metrics", "/-/%6Detrics"):
        answer = send(keyed, "GET", page)
        assert (answer.status, answer.code) == (403, "AccessDenied")
    signer = Signer(Key("READER", "the secret of the reader"))
    assert b"s3gateway_requests_total" in signer.send(keyed, "GET", "/-/metrics").body
    bad = Signer(Key("READER", "guessed")).send(keyed, "GET", "/-/metrics")
    assert (bad.status, bad.code) == (403, "SignatureDoesNotMatch")
    assert send(keyed, "GET", "/-/health", headers={"Authorization": "Basic dTpw"}).status == 200


def test_metrics_on_a_port_of_their_own_are_open(tmp_path: Path) -> None:
    file = written(tmp_path)
    options = ("--access-keys", str(file), "--admin-port", "0")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        line = next(line for line in gateway.log if "/-/metrics" in line)
        admin = int(line.rpartition(":")[2].partition("/")[0])
        assert send(gateway, "GET", "/-/metrics").status == 404
        gateway.port = admin
        assert send(gateway, "GET", "/-/metrics").status == 200
        assert send(gateway, "GET", "/master.images").status == 403


def test_the_bucket_in_the_host_hides_no_object_among_the_pages(tmp_path: Path) -> None:
    options = ("--access-keys", str(written(tmp_path)), "--domain", "s3.example")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        headers = {"Host": "master.images.s3.example"}
        answer = send(gateway, "GET", "/-/health", headers=headers)
        assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_region_is_demanded_where_one_is_named(tmp_path: Path) -> None:
    options = ("--access-keys", str(written(tmp_path)), "--region", "eu-central-1")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        key = Key("WRITER", "the secret of the writer")
        answer = Signer(key).send(gateway, "GET", "/")
        assert (answer.status, answer.code) == (400, "AuthorizationHeaderMalformed")
        assert answer.texts("Region") == ["eu-central-1"]
        assert Signer(key, region="eu-central-1").send(gateway, "GET", "/").status == 200


def test_who_fails_again_and_again_is_slowed(keyed: GatewayProcess) -> None:
    guesses = Signer(Key("READER", "guessed"), address="127.7.7.7")
    for _ in range(14):
        begun = time.monotonic()
        assert guesses.send(keyed, "GET", "/").code == "SignatureDoesNotMatch"
    assert time.monotonic() - begun > 0.35
    right = Signer(Key("READER", "the secret of the reader"), address="127.7.7.7")
    assert right.send(keyed, "GET", "/").status == 200
    assert "127.7.7.7 signs wrongly again and again" in "".join(keyed.log)
