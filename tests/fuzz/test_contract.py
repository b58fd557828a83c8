"""The gateway fuzzed by its document, and the checks of that proved on a server with faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.contract.compositions import each_composition
from tests.contract.under_test import ContractUnderTest
from tests.fuzz.profiles import SEED, examples
from tests.fuzz.schemathesis_run import PHASES, run_schemathesis
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

FULL_SECONDS = 1200


@pytest.fixture(params=[EMBEDDED, pytest.param("grpc", marks=pytest.mark.thorough)])
def fuzzed(
    request: pytest.FixtureRequest, layers: tuple[str, ...], tmp_path: Path
) -> Iterator[GatewayProcess]:
    yield from running_gateway(request.param, tmp_path / "pfs", layers=layers)


@pytest.mark.timeout(FULL_SECONDS)
@each_composition
def test_the_gateway_is_what_the_document_says(
    fuzzed: GatewayProcess, contract: ContractUnderTest, tmp_path: Path
) -> None:
    run = run_schemathesis(
        fuzzed.layers,
        fuzzed.endpoint,
        tmp_path / "report.ndjson",
        seed=SEED,
        examples=examples(60, 400),
    )
    assert run.status == 0, run.output
    assert "Exception in thread" not in run.output, run.output
    declared = {f"{o.method} {o.path}" for o in contract.operations.values()}
    for phase in PHASES[1:]:
        missing = declared - set(run.tested(phase))
        assert not missing or phase == "stateful", f"{phase} has left out {missing}: {run.output}"
    assert sum(sum(run.tested(phase).values()) for phase in PHASES) > 1500


LISTING = (
    200,
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>a</Name><Prefix/>'
    "<KeyCount>0</KeyCount><MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>",
)
REFUSAL = (
    400,
    "<Error><Code>InvalidArgument</Code><Message>No.</Message><Resource>/</Resource>"
    "<RequestId>1</RequestId></Error>",
)
FAILURE = (500, REFUSAL[1].replace("InvalidArgument", "InternalError"))


@pytest.mark.parametrize(
    ("answer", "findings"),
    [
        pytest.param(
            LISTING,
            ["Schema-violating request accepted", "the status 200 is not declared"],
            id="accepts everything",
        ),
        pytest.param(
            REFUSAL, ["400 to a valid request", "never succeeded"], id="refuses everything"
        ),
        pytest.param(FAILURE, ["Server error", "500 to a valid request"], id="always fails"),
    ],
)
def test_a_server_that_always_answers_the_same_is_found_out(
    tmp_path: Path, answer: tuple[int, str], findings: list[str]
) -> None:
    with answering(*answer) as endpoint:
        run = run_schemathesis(
            (),
            endpoint,
            tmp_path / "report.ndjson",
            seed=SEED,
            examples=5,
            options=("--include-operation-id", "handlers.listings.list_objects_v2"),
        )
    assert run.status == 1, run.output
    for finding in findings:
        assert finding in run.output, run.output


@contextmanager
def answering(status: int, document: str) -> Iterator[str]:
    """A server that gives one answer to all requests."""
    body = document.encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-amz-request-id", "1")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
