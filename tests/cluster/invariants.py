"""What must never come over pachd's wire, whatever a test does (`docs/pachd.md`, "Hazards")."""

from __future__ import annotations

import re
from typing import Any

from tests.cluster.wire import Call, Wire

_HOLDABLE = re.compile(r"(/[\x20-\x7e]+)+")
_PATTERN = re.compile(r"[*?{}!()@+^]")
_STREAMS = ("ModifyFile", "CreateFileSet")


def assert_harmless(wire: Wire) -> None:
    """See that nothing came that pachd would do harm with."""
    for call in wire.calls:
        if call.method in _STREAMS:
            _assert_harmless_changes(call)
        elif call.method == "GetFile":
            (request,) = call.messages
            assert request.offset >= 0, request
            assert not _PATTERN.search(request.file.path), request
            _assert_no_pattern_but_of_backslashes(request.file.path)


def _assert_no_pattern_but_of_backslashes(path: str) -> None:
    left = path.replace("[\\\\]", "")
    assert not set(left) & set("[]\\"), path


def _assert_harmless_changes(call: Call) -> None:
    deleted: set[str] = set()
    begun: set[str] = set()
    for at, message in enumerate(call.messages):
        kind = message.WhichOneof("body")
        if kind == "set_commit":
            assert at == 0, call
            assert message.set_commit.branch.name, "a commit is named by its branch"
            continue
        path = _path_of(message, kind)
        assert _HOLDABLE.fullmatch(path), path
        assert not path.endswith("/"), path
        assert not {".", "..", ""} & set(path.split("/")[1:]), path
        if kind == "delete_file":
            deleted.add(path)
            begun.discard(path)
        elif call.method == "ModifyFile":
            assert path in deleted, f"{path} is added to what may be there"
            assert kind == "add_file" or path not in begun, f"{path} is copied behind something"
            begun.add(path)


def _path_of(message: Any, kind: str) -> str:
    change = getattr(message, kind)
    return str(change.dst if kind == "copy_file" else change.path)
