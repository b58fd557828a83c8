"""What goes over pachd's wire: recorded, and made to fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import BytesValue


def _always(request: Any) -> bool:
    return True


@dataclass
class Fault:
    """How calls of one method go wrong.

    Args:
        code: What they fail with.
        text: What that says.
        after_messages: How many messages of the stream pass before; None to fail when all is done.
        times: How many calls.
        when: Which of them, by their request; of a stream of requests nothing is known.
    """

    code: grpc.StatusCode
    text: str = "so the test wants"
    after_messages: int | None = 0
    times: int = 1
    when: Callable[[Any], bool] = _always


@dataclass
class Call:
    """One call that came, with the messages that its client sent, and how many it was sent.

    `seconds_left` is how long its client was going to wait, if that said so. `has_failed` says that
    the server refused it, or that it was cancelled.
    """

    method: str
    messages: list[Any] = field(default_factory=list)
    sent_messages: int = 0
    seconds_left: float | None = None
    has_failed: bool = False


@dataclass(frozen=True)
class Cut:
    """From one call on there is nobody any more.

    Args:
        at: Which call of those that are recorded, counted from 0.
        is_done: Whether that call is done, and only its answer is lost.
    """

    at: int
    is_done: bool

    def fault(self, number: int) -> Fault | None:
        """How a call fails."""
        if number < self.at:
            return None
        after = None if self.is_done and number == self.at else 0
        return Fault(grpc.StatusCode.UNAVAILABLE, "cut", after)


class Wire(grpc.aio.ServerInterceptor):
    """Sits between a server and its methods."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.active = 0
        self.faults: dict[str, Fault] = {}
        self.gates: dict[str, tuple[asyncio.Event, Callable[[Any], bool]]] = {}
        self.edits: dict[str, Callable[[Any], None]] = {}
        self.loses: Callable[[Any], bool] = lambda message: False
        self._lost_file_sets: set[str] = set()
        self.cut: Cut | None = None
        self.gathers_bytes = 0
        self.hooks: dict[str, Callable[[], Awaitable[None]]] = {}
        self._news = asyncio.Event()
        self.metadata: list[list[tuple[str, str]]] = []

    def count(self) -> Counter[str]:
        """How many calls of each method."""
        return Counter(call.method for call in self.calls)

    async def came(self, method: str, times: int = 1) -> None:
        """Wait until so many calls of a method have come."""
        while self.count()[method] < times:
            self._news.clear()
            await self._news.wait()

    def of(self, method: str) -> list[Call]:
        """The calls of a method."""
        return [call for call in self.calls if call.method == method]

    def hold(self, method: str, when: Callable[[Any], bool] = _always) -> asyncio.Event:
        """Let calls of a method wait for an event, before they do anything."""
        gate = asyncio.Event()
        self.gates[method] = gate, when
        return gate

    async def intercept_service(
        self,
        continuation: Callable[
            [grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]
        ],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Wrap a method."""
        handler: Any = await continuation(handler_call_details)
        method = handler_call_details.method.rpartition("/")[2]
        self.metadata.append(list(handler_call_details.invocation_metadata))  # type: ignore[arg-type]
        codecs = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(method, handler.unary_stream), **codecs
            )
        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(method, handler.stream_unary, is_stream=True), **codecs
            )
        return grpc.unary_unary_rpc_method_handler(
            self._unary(method, handler.unary_unary, is_stream=False), **codecs
        )

    def _unary(self, method: str, behaviour: Any, *, is_stream: bool) -> Any:
        async def call(request: Any, context: Any) -> Any:
            record, fault = self._begin(method, None if is_stream else request, context)
            try:
                await self._wait(method, request)
                if is_stream:
                    request = self._taken(request, record, fault, context)
                else:
                    record.messages.append(request)
                    await _fail_at(0, fault, context)
                    await self._fail_if_lost(method, request, context)
                response = await behaviour(request, context)
                await _fail_at(None, fault, context)
                if method in self.hooks:
                    await self.hooks[method]()
                if method in self.edits:
                    self.edits[method](response)
                return response
            except BaseException:
                record.has_failed = True
                raise
            finally:
                self.active -= 1

        return call

    def _streaming(self, method: str, behaviour: Any) -> Any:
        async def call(request: Any, context: Any) -> AsyncIterator[Any]:
            record, fault = self._begin(method, request, context)
            record.messages.append(request)
            try:
                await self._wait(method, request)
                passed = 0
                await _fail_at(passed, fault, context)
                async for message in self._gathered(behaviour(request, context)):
                    await _fail_at(passed, fault, context)
                    record.sent_messages += 1
                    yield message
                    passed += 1
                await _fail_at(passed, fault, context)
                await _fail_at(None, fault, context)
            finally:
                self.active -= 1

        return call

    async def _gathered(self, answers: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Answers as they come; a file's pieces gathered into larger ones, if so wanted."""
        held: list[bytes] = []
        async for answer in answers:
            if not self.gathers_bytes or not isinstance(answer, BytesValue):
                yield answer
                continue
            held.append(answer.value)
            if sum(map(len, held)) + len(answer.value) > self.gathers_bytes:
                yield BytesValue(value=b"".join(held))
                held = []
        if held:
            yield BytesValue(value=b"".join(held))

    async def _taken(
        self, requests: Any, record: Call, fault: Fault | None, context: Any
    ) -> AsyncIterator[Any]:
        passed = 0
        async for message in requests:
            await _fail_at(passed, fault, context)
            record.messages.append(message)
            if self.loses(message):
                self._lost_file_sets.add(message.copy_file.src.commit.id)
            else:
                yield message
            passed += 1

    async def _fail_if_lost(self, method: str, request: Any, context: Any) -> None:
        """What was copied as nothing had expired, and says so from then on."""
        if method == "RenewFileSet" and request.file_set_id in self._lost_file_sets:
            text = f"tracker does not contain item: ({request.file_set_id[:32]})"
            await context.abort(grpc.StatusCode.NOT_FOUND, text)

    def _begin(self, method: str, request: Any, context: Any) -> tuple[Call, Fault | None]:
        record = Call(method, seconds_left=context.time_remaining())
        self.calls.append(record)
        self._news.set()
        self.active += 1
        if self.cut is not None:
            return record, self.cut.fault(len(self.calls) - 1)
        fault = self.faults.get(method)
        if fault is None or fault.times == 0 or not fault.when(request):
            return record, None
        fault.times -= 1
        return record, fault

    async def _wait(self, method: str, request: Any) -> None:
        gate, when = self.gates.get(method, (None, _always))
        if gate is not None and when(request):
            await gate.wait()


async def _fail_at(passed: int | None, fault: Fault | None, context: Any) -> None:
    if fault is not None and fault.after_messages == passed:
        await context.abort(fault.code, fault.text)
