"""The clients in Java where everything is switched on, with nothing but an endpoint and keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clients import (
    test_aws_sdk_java_v1,
    test_aws_sdk_java_v2,
    test_aws_sdk_java_v2_async,
    test_aws_sdk_java_v2_crt,
    test_hadoop_s3a,
    test_minio_java,
)
from tests.clients.checklist import GROUPS
from tests.clients.data_tools.sizes import COLUMNS, MOVE
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.record import record_with_all
from tests.clients.steps import WORKS

CHECKLIST = frozenset(step for group in GROUPS.values() for step in group)
SIZES_AND_COPIES = dict.fromkeys(
    (*(column for column in COLUMNS if column != MOVE), "copy", "copy of 200 MiB"), WORKS
)


def at_defaults(client: ClientUnderTest, **otherwise: str) -> object:
    """A client whose own steps all work, too, but for those that say otherwise."""
    own = {
        step: WORKS if end == "NotImplemented" else end
        for step, end in client.differs.items()
        if step not in CHECKLIST
    }
    return pytest.param(
        replace(
            client,
            command=[*client.command, "at-defaults"],
            lacks=CHECKLIST,
            differs={**own, **SIZES_AND_COPIES, **otherwise},
        ),
        id=client.name,
    )


S3A = {
    MOVE: WORKS,
    "create of 70 MiB, parts left on: leaves": "70 MiB",
    **{f"create with fs.s3a.fast.upload.buffer {kind}": WORKS for kind in ("array", "bytebuffer")},
    **{f"job with the S3A committer {name}": WORKS for name in ("directory", "magic")},
}
CLIENTS = (
    at_defaults(test_aws_sdk_java_v2.CLIENT),
    at_defaults(test_aws_sdk_java_v2_async.CLIENT),
    at_defaults(test_aws_sdk_java_v2_crt.CLIENT),
    at_defaults(test_aws_sdk_java_v1.CLIENT, doesBucketExistV2="NotImplemented"),
    at_defaults(test_minio_java.CLIENT),
    at_defaults(test_hadoop_s3a.CLIENT, **S3A),
)

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.timeout(600),
    pytest.mark.parametrize(
        "layers", [("copy", "multipart", "versions")], ids=["all"], indirect=True
    ),
    pytest.mark.parametrize("client", CLIENTS, indirect=True),
]


def test_each_step_works_and_its_record_is_fresh(run: Run) -> None:
    assert run.unexpected() == {}
    assert record_with_all(run) == []
