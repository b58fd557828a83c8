"""Makes `requests/*.jsonl` out of recordings of real clients. Run by hand:

    .venv/bin/python -m tests.traces.clean DIRECTORY

DIRECTORY holds one JSON file a client, each a list of requests as a recording proxy wrote them:
`client`, `op`, `profile`, `request_line`, `headers` ("name: value", in order), `expect`, and `body`
(`wire_len`, `first300`, `last200`, and the framing, if any, as `aws_chunked` and
`transfer_encoding_chunked`). What is kept is what a server sees of a client: method, target,
headers in their order, and the form of the body. Answers go, and so does what tells of the machine
that the client ran on, of the hour, and of chance; of requests that then are the same one stays.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.traces.bodies import checksum, payload_of, wire_of

OUT = Path(__file__).parent / "requests"
# Faults, other servers' ETags and missing answers are experiments with clients, not their speech.
PROFILES = ("plain", "gateway", "algo")
_CLIENTS = {"extra": "s3cmd"}
_SEEN_WHOLE_BYTES = 500
_PATTERN_FROM_BYTES = 5000

_INVOCATION = "00000000-0000-4000-8000-000000000000"
_FIXED = {
    "host": "gateway",
    "amz-sdk-invocation-id": _INVOCATION,
    "x-amz-meta-mtime": "1700000000.123456789",
}
_MACHINE = re.compile(r" (os|md|lang|m|ua|cfg)/\S+| \((linux|Linux); \w+\)")
_ATTRIBUTES = (
    (re.compile(r"\b(atime|ctime|mtime):\d+"), r"\1:1700000000"),
    (re.compile(r"\b(gid|uid):\d+"), r"\1:1000"),
    (re.compile(r"\b(gname|uname):\w+"), r"\1:user"),
)
# Two requests that differ in these only are the same one.
_CHANCE = (
    re.compile(r"(?<=chunk-signature=)[0-9a-f]{64}"),
    re.compile(r"(?<=trailer-signature:)[0-9a-f]{64}"),
    re.compile(r"(?<=[?&]uploadId=)[^&]+"),
    re.compile(r"(?<=[?&]Signature=)[^&]+"),
    re.compile(r"(?<=[?&]Expires=)[^&]+"),
    re.compile(r"(?<=X-Amz-Signature=)[^&]+"),
    re.compile(r"(?<=X-Amz-Date=)[^&]+"),
    re.compile(r"(?<=Signature=)[0-9a-f]{64}"),
    re.compile(r'(?<="AWS AKIDEXAMPLE:)[^"]+'),
    re.compile(r"\b20\d{6}(T\d{6}Z)?"),
    re.compile(r"(?<=<ETag>).*?(?=</ETag>)"),
)
_DATES = ("date", "x-amz-date")


def main(directory: Path) -> None:
    """Write all requests of all recordings, each once."""
    OUT.mkdir(exist_ok=True)
    for old in OUT.glob("*.jsonl"):
        old.unlink()
    seen: set[str] = set()
    for record in _records(directory):
        request = _cleaned(record)
        identity = _identity(request)
        if identity not in seen:
            seen.add(identity)
            client = _CLIENTS.get(record["client"], record["client"].removeprefix("extra-"))
            with (OUT / f"{client}.jsonl").open("a") as file:
                file.write(json.dumps(request) + "\n")


def _records(directory: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(directory.glob("*.json")):
        for record in json.loads(path.read_text()):
            if (record.get("profile") or "").startswith(PROFILES):
                yield record


def _cleaned(record: dict[str, Any]) -> dict[str, Any]:
    method, target, _ = record["request_line"].split(" ")
    headers = [line.partition(":")[::2] for line in record["headers"]]
    request: dict[str, Any] = {
        "op": record["op"],
        "method": method,
        "target": target,
        "headers": [[name, _clean_value(name, value.strip())] for name, value in headers],
    }
    if record["body"]["wire_len"] or record["body"].get("transfer_encoding_chunked"):
        request["body"] = _body(record["body"])
        if request["body"].pop("is_made_up", False):
            _recompute(request)
    return request


def _clean_value(name: str, value: str) -> str:
    name = name.lower()
    if name == "user-agent":
        return _MACHINE.sub("", value)
    if name == "x-amz-meta-s3cmd-attrs":
        for expression, replacement in _ATTRIBUTES:
            value = expression.sub(replacement, value)
    return _FIXED.get(name, value)


def _body(recorded: dict[str, Any]) -> dict[str, Any]:
    framing = recorded.get("aws_chunked")
    size = recorded["wire_len"]
    if size <= _SEEN_WHOLE_BYTES:
        last = recorded["last200"] or ""
        missing = size - len(recorded["first300"])
        body: dict[str, Any] = {"text": recorded["first300"] + (last[-missing:] if missing else "")}
        if framing:
            body["is_aws_chunked"] = True
    elif size < _PATTERN_FROM_BYTES:
        body = {"text": _mended(recorded["first300"], recorded["last200"]), "is_made_up": True}
    else:
        body = {"pattern_bytes": size, "is_made_up": True}
        if framing:
            body["pattern_bytes"] = framing["decoded_len"]
            body["aws_chunked"] = _framing(framing, body["pattern_bytes"])
    if http := recorded.get("transfer_encoding_chunked"):
        body["http_chunks"] = [n for n in http["sizes_first"] if n] or [http["max"] or 1]
    return body


def _mended(first: str, last: str) -> str:
    """A document whose middle was not recorded, without the elements that are not whole."""
    end = re.search(r"</(Object|Part)>", last)
    start = first.rindex("</" + (end[1] if end else "")) + len(end[0] if end else "")
    return first[:start] + last[end.end() if end else 0 :]


def _framing(recorded: dict[str, Any], size_bytes: int) -> dict[str, Any]:
    tail: str = recorded["tail_raw"].removesuffix("\r\n")
    name = tail.partition(":")[0]
    if name:
        algorithm = name.removeprefix("x-amz-checksum-")
        value = checksum(algorithm, payload_of({"pattern_bytes": size_bytes}))
        tail = f"{name}:{value}\r\n"
    return {
        "chunk_bytes": recorded["chunk_sizes_first"][0],
        "is_signed": "chunk-signature" in recorded["first_head"],
        "trailer": tail,
    }


def _recompute(request: dict[str, Any]) -> None:
    """Make the headers that tell of the body tell of the one that is there now."""
    content, wire = payload_of(request["body"]), wire_of(request["body"])
    for header in request["headers"]:
        name, value = header[0].lower(), header[1]
        if name == "content-length":
            header[1] = str(len(wire))
        elif name == "content-md5":
            header[1] = checksum("md5", content)
        elif name == "x-amz-content-sha256" and re.fullmatch("[0-9a-f]{64}", value):
            header[1] = _hex(checksum("sha256", content))
        elif algorithm := re.fullmatch(r"x-amz-checksum-(crc\w+|sha\w+)", name):
            header[1] = checksum(algorithm[1], content)


def _hex(in_base64: str) -> str:
    return base64.b64decode(in_base64).hex()


def _identity(request: dict[str, Any]) -> str:
    shown = {name: value for name, value in request.items() if name != "op"}
    shown["headers"] = [
        [name, "" if name.lower() in _DATES else value] for name, value in request["headers"]
    ]
    text = json.dumps(shown)
    for expression in _CHANCE:
        text = expression.sub("", text)
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
