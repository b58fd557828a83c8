from __future__ import annotations

import os

import pytest
from google.protobuf.wrappers_pb2 import BytesValue

from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.raw_messages import add_file_request

SIZES = [0, 1, 100, 126, 127, 128, 129, 16_382, 16_383, 16_384, 2_097_151, 2_097_152, 20_000_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path_size", [1, 126, 127, 128, 1024])
def test_an_addition_is_protobufs(size: int, path_size: int) -> None:
    path, chunk = "/" + "p" * path_size, os.urandom(size)
    written = add_file_request(path, chunk)
    expected = pfs_pb2.ModifyFileRequest(
        add_file=pfs_pb2.AddFile(path=path, raw=BytesValue(value=chunk))
    )
    parsed = pfs_pb2.ModifyFileRequest.FromString(written)
    assert parsed == expected
    assert parsed.add_file.HasField("raw")
    if size:
        assert written == expected.SerializeToString()
