"""Versions of objects, where they are switched on."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import Branch, Commit, Repo
from tests.operations.refusals import refused
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.parametrize(
    "layers", [("copy", "versions")], ids=["copy+versions"], indirect=True
)

NO_COMMIT = "0123456789ab4def8123456789abcdef"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


@pytest.fixture
def history(s3: Any, bucket: str) -> str:
    """A bucket: `a` stored twice and deleted, `d/b` and `d/e` stored between."""
    for key, body in (("a", b"one"), ("d/b", b"b"), ("a", b"two"), ("d/e", b"")):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    s3.delete_object(Bucket=bucket, Key="a")
    return bucket


def listed(gateway: GatewayProcess, bucket: str, query: str = "") -> list[tuple[str, str, bool]]:
    """Key, size or `deleted`, and whether it is the latest; in the order of the document."""
    answer = send(gateway, "GET", f"/{bucket}?versions{query}")
    assert answer.status == 200
    found = []
    for node in answer.xml:
        if node.tag in (f"{{{NAMESPACE}}}Version", f"{{{NAMESPACE}}}DeleteMarker"):
            texts = {child.tag.partition("}")[2]: child.text or "" for child in node}
            found.append((texts["Key"], texts.get("Size", "deleted"), texts["IsLatest"] == "true"))
    return found


def ids(s3: Any, bucket: str, key: str) -> list[str]:
    answer = s3.list_object_versions(Bucket=bucket, Prefix=key)
    return [one["VersionId"] for one in answer.get("Versions", []) if one["Key"] == key]


def marker(s3: Any, bucket: str) -> str:
    (one,) = s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]
    return str(one["VersionId"])


def test_versions_and_delete_markers_are_listed(
    s3: Any, gateway: GatewayProcess, history: str
) -> None:
    assert listed(gateway, history) == [
        ("a", "deleted", True), ("a", "3", False), ("a", "3", False),
        ("d/b", "1", True), ("d/e", "0", True),
    ]  # fmt: skip
    s3.put_object(Bucket=history, Key="a", Body=b"again")
    assert listed(gateway, history, "&prefix=a")[:2] == [("a", "5", True), ("a", "deleted", False)]
    folded = s3.list_object_versions(Bucket=history, Delimiter="/")
    assert [one["Prefix"] for one in folded["CommonPrefixes"]] == ["d/"]
    assert [one["Key"] for one in folded["Versions"]] == ["a", "a", "a"]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_have_every_version_once(s3: Any, history: str, size: int) -> None:
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=history, PaginationConfig={"PageSize": size}
    )
    found = []
    for page in pages:
        entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
        assert len(entries) <= size
        found += [(one["Key"], one["VersionId"]) for one in entries]
    assert len(found) == len(set(found)) == 5
    assert sorted(key for key, _ in found) == ["a", "a", "a", "d/b", "d/e"]


def test_a_page_goes_on_behind_a_common_prefix(s3: Any, history: str) -> None:
    s3.put_object(Bucket=history, Key="z", Body=b"z")
    first = s3.list_object_versions(Bucket=history, Delimiter="/", MaxKeys=4)
    assert (first["IsTruncated"], first["NextKeyMarker"]) == (True, "d/")
    rest = s3.list_object_versions(Bucket=history, Delimiter="/", KeyMarker="d/")
    assert [one["Key"] for one in rest["Versions"]] == ["z"]
    assert "CommonPrefixes" not in rest


def test_a_version_is_read_as_it_was(s3: Any, history: str) -> None:
    newest, oldest = ids(s3, history, "a")
    for version, body in ((newest, b"two"), (oldest, b"one")):
        got = s3.get_object(Bucket=history, Key="a", VersionId=version)
        assert (got["Body"].read(), got["VersionId"]) == (body, version)
        head = s3.head_object(Bucket=history, Key="a", VersionId=version)
        assert (head["ContentLength"], head["ETag"]) == (3, got["ETag"])
    current = s3.get_object(Bucket=history, Key="d/b")
    again = s3.get_object(Bucket=history, Key="d/b", VersionId=current["VersionId"])
    assert again["Body"].read() == b"b"


def test_what_is_no_version(s3: Any, gateway: GatewayProcess, history: str) -> None:
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=history, Key="a", VersionId=NO_COMMIT)
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=history, Key="d/b", VersionId=ids(s3, history, "a")[-1])
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=history, Key="never", VersionId=marker(s3, history))
    for bad in ("0" * 32, "master", "null"):
        with refused(400, "InvalidArgument"):
            s3.get_object(Bucket=history, Key="a", VersionId=bad)
    answer = send(gateway, "GET", f"/{history}?versions&version-id-marker={NO_COMMIT}")
    assert answer.status == 400


def test_a_delete_marker_is_not_read(s3: Any, gateway: GatewayProcess, history: str) -> None:
    deleting = marker(s3, history)
    for method in ("GET", "HEAD"):
        answer = send(gateway, method, f"/{history}/a?versionId={deleting}")
        assert answer.status == 405
        told = [answer.headers.get(f"x-amz-{name}") for name in ("delete-marker", "version-id")]
        assert (answer.headers["allow"], told) == ("DELETE", ["true", deleting])
    with refused(405, "MethodNotAllowed") as details:
        s3.get_object(Bucket=history, Key="a", VersionId=deleting)
    assert details["ResourceType"] == "DeleteMarker"
    with refused(400, "InvalidRequest") as details:
        source = {"Bucket": history, "Key": "a", "VersionId": deleting}
        s3.copy_object(Bucket=history, Key="b", CopySource=source)
    assert "delete marker" in details["Message"]
    # A later commit has no such object either, and did not delete it.
    s3.put_object(Bucket=history, Key="z", Body=b"z")
    (later,) = ids(s3, history, "z")
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=history, Key="a", VersionId=later)


def test_the_commits_of_another_branch_are_no_versions(s3: Any, bucket: str) -> None:
    other = bucket.replace("master.", "other.")
    s3.create_bucket(Bucket=other)
    for where, body in ((bucket, b"ours"), (other, b"secret")):
        s3.put_object(Bucket=where, Key="a", Body=body)
    (theirs,) = ids(s3, other, "a")
    assert s3.get_object(Bucket=other, Key="a", VersionId=theirs)["Body"].read() == b"secret"
    with refused(404, "NoSuchVersion"):
        s3.get_object(Bucket=bucket, Key="a", VersionId=theirs)
    with refused(404, "NoSuchVersion"):
        s3.copy_object(
            Bucket=bucket,
            Key="b",
            CopySource={"Bucket": bucket, "Key": "a", "VersionId": theirs},
        )
    with refused(404, "NoSuchVersion"):
        s3.delete_object(Bucket=bucket, Key="a", VersionId=theirs)


def test_an_old_version_is_copied_onto_its_own_object(s3: Any, history: str) -> None:
    oldest = ids(s3, history, "a")[-1]
    source = {"Bucket": history, "Key": "a", "VersionId": oldest}
    copied = s3.copy_object(Bucket=history, Key="a", CopySource=source)
    assert copied["CopySourceVersionId"] == oldest
    assert s3.get_object(Bucket=history, Key="a")["Body"].read() == b"one"
    with refused(400, "InvalidArgument"):
        s3.copy_object(Bucket=history, Key="a", CopySource={**source, "VersionId": "not-a-version"})


def test_a_deletion_is_taken_back(s3: Any, gateway: GatewayProcess, history: str) -> None:
    deleting = marker(s3, history)
    answer = s3.delete_object(Bucket=history, Key="a", VersionId=deleting)
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, deleting)
    assert s3.get_object(Bucket=history, Key="a")["Body"].read() == b"two"
    for version in (deleting, *ids(s3, history, "a")):
        with refused(501, "NotImplemented"):
            s3.delete_object(Bucket=history, Key="a", VersionId=version)
    assert listed(gateway, history, "&prefix=a")[0] == ("a", "3", True)


def test_a_deletion_is_not_taken_back_while_something_is_in_the_way(s3: Any, history: str) -> None:
    deleting = marker(s3, history)
    s3.put_object(Bucket=history, Key="a/below", Body=b"x")
    with refused(501, "NotImplemented") as details:
        s3.delete_object(Bucket=history, Key="a", VersionId=deleting)
    assert "cannot come back while there is a/" in details["Message"]
    one = {"Key": "a", "VersionId": deleting}
    answer = s3.delete_objects(Bucket=history, Delete={"Objects": [one, {"Key": "d/b"}]})
    assert [error["Code"] for error in answer["Errors"]] == ["NotImplemented"]
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["d/b"]


def test_an_empty_object_comes_back_too(s3: Any, history: str) -> None:
    s3.delete_object(Bucket=history, Key="d/e")
    markers = s3.list_object_versions(Bucket=history, Prefix="d/e")["DeleteMarkers"]
    s3.delete_object(Bucket=history, Key="d/e", VersionId=markers[0]["VersionId"])
    assert s3.get_object(Bucket=history, Key="d/e")["Body"].read() == b""


def test_versions_in_delete_objects_are_answered_key_by_key(s3: Any, history: str) -> None:
    deleting = marker(s3, history)
    answer = s3.delete_objects(
        Bucket=history,
        Delete={
            "Objects": [
                {"Key": "a", "VersionId": deleting},
                {"Key": "d/b", "VersionId": deleting},
                {"Key": "d/e"},
            ]
        },
    )
    assert [(one["Key"], one.get("VersionId")) for one in answer["Deleted"]] == [
        ("a", deleting),
        ("d/e", None),
    ]
    assert answer["Deleted"][0]["DeleteMarkerVersionId"] == deleting
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("d/b", "NotImplemented")]
    assert s3.get_object(Bucket=history, Key="a")["Body"].read() == b"two"
    with pytest.raises(ClientError):
        s3.get_object(Bucket=history, Key="d/e")


def test_versioning_is_enabled_and_stays_so(s3: Any, bucket: str) -> None:
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    with refused(501, "NotImplemented"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    with refused(400, "MalformedXML"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={})
    with refused(404, "NoSuchBucket"):
        s3.get_bucket_versioning(Bucket="master.no-such-repo")
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)


async def test_an_open_commit_has_no_versions_yet(
    s3: Any, gateway: GatewayProcess, history: str
) -> None:
    if not gateway.pfs.startswith("grpc"):
        pytest.skip("another process opens the commit")
    pachd = WholePachdClient.open(PachdSettings(gateway.pfs.removeprefix("grpc://")))
    branch = Branch(Repo(history.removeprefix("master.")), "master")
    before = listed(gateway, history)
    opened: Commit = await pachd.start_commit(branch)
    s3.put_object(Bucket=history, Key="a", Body=b"new")
    got = s3.get_object(Bucket=history, Key="a")
    assert (got["Body"].read(), "VersionId" in got) == (b"new", False)
    assert listed(gateway, history) == before
    await pachd.finish_commit(opened)
    await pachd.aclose()
    assert listed(gateway, history)[:2] == [("a", "3", True), ("a", "deleted", False)]
