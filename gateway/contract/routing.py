"""Which operation a request is, from the document alone.

Takes the place of connexion's RoutingMiddleware, which knows neither query parameters nor headers
and sees the path decoded: `%2F`, `//` and `.` would be lost. What is found goes into the scope, in
connexion's way and in ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from connexion.http_facts import METHODS
from connexion.middleware.abstract import ROUTING_CONTEXT, SpecMiddleware

from gateway import request_context
from gateway.asgi import App, Receive, Scope, Send
from gateway.contract.hints import Hints
from gateway.contract.parameters import Declared
from gateway.request_context import RequestContext, Routed
from s3_wire.addresses import bucket_and_key
from s3_wire.errors import InvalidURI, NotImplemented

_THINGS = ("the service", "a bucket", "an object")


@dataclass(slots=True, eq=False)
class Route:
    """One operation of the document."""

    operation_id: str
    name: str
    query: Declared
    headers: Declared

    @property
    def selectivity(self) -> int:
        """How many parameters it requires; of several operations that match, the most wins."""
        return len(self.query.required) + len(self.headers.required)


class S3Routing(SpecMiddleware):  # type: ignore[misc]
    """Finds the operation and refuses what it does not declare."""

    def __init__(self, next_app: App) -> None:
        self._next_app = next_app
        self._routes: dict[tuple[int, str], list[Route]] = {}
        self._base_path = ""
        self._namespace = ""
        self._hints = Hints({})

    def add_api(
        self, specification: Mapping[str, Any], *, resolver: Any = None, **_kwargs: Any
    ) -> None:
        """Read all operations of the document; connexion calls this once, at the start."""
        self._base_path = specification.base_path  # type: ignore[attr-defined]
        self._namespace = specification["x-s3-header-namespace"]
        self._hints = Hints(specification.get("x-s3-hints", {}))
        for path, item in specification["paths"].items():
            for method in METHODS & item.keys():
                operation = specification.operation_cls.from_spec(  # type: ignore[attr-defined]
                    specification, path=path, method=method, resolver=resolver
                )
                route = self._route(operation, item[method]["x-s3-operation"])
                self._routes.setdefault((_depth(path), method.upper()), []).append(route)
        for routes in self._routes.values():
            routes.sort(key=lambda route: -route.selectivity)

    def _route(self, operation: Any, name: str) -> Route:
        route = Route(
            operation.operation_id,
            name,
            Declared(self._namespace, operation_name=name),
            Declared(self._namespace),
        )
        for parameter in operation.parameters:
            if parameter["in"] == "query":
                route.query.add(parameter)
            elif parameter["in"] == "header":
                route.headers.add(parameter)
        return route

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Route a request.

        Raises:
            NotImplemented: The contract declares no such operation, or not all that it is sent.
            InvalidArgument: A parameter has a value that it cannot have.
            InvalidURI: The path is no bucket and key, or it or the query is not UTF-8.
        """
        if scope["type"] == "http":
            context = request_context.current()
            context.route = routed = self._find(scope, context)
            scope.setdefault("extensions", {})[ROUTING_CONTEXT] = {
                "api_base_path": self._base_path,
                "operation_id": routed.operation_id,
            }
        return self._next_app(scope, receive, send)

    def _find(self, scope: Scope, context: RequestContext) -> Routed:
        bucket, key = _address(scope["raw_path"])
        record = context.record
        record.bucket, record.key = bucket, key
        query = context.query
        if query is None:
            query = _query(scope["query_string"]) if scope["query_string"] else {}
        headers = _headers(scope["headers"])
        depth = 2 if key else 1 if bucket else 0
        for route in self._routes.get((depth, scope["method"]), ()):
            if route.query.selects(query) and route.headers.selects(headers):
                self._refuse_undeclared(route, query, headers)
                record.operation = route.name
                if route.query.apart_from:
                    route.query.refuse_together(query, headers)
                parameters = route.query.read(query)
                route.headers.read(headers)
                return Routed(
                    route.name, route.operation_id, bucket, key, query, headers, parameters
                )
        what = f"{scope['method']} on {_THINGS[depth]}"
        if query:
            what += f" with {', '.join(query)}"
        raise NotImplemented(self._hints.add_to(what, [*query, *headers]))

    def _refuse_undeclared(
        self, route: Route, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        if query:
            self._refuse_undeclared_query(route, query)
        names = route.headers.undeclared([n for n in headers if n.startswith(self._namespace)])
        if names:
            raise self._not_implemented("header", names)

    def _refuse_undeclared_query(self, route: Route, query: Mapping[str, str]) -> None:
        moved = self._moved_headers(route, query)
        names = route.query.undeclared([n for n in query if n.lower() not in moved])
        names += route.headers.undeclared(moved)
        if names:
            raise self._not_implemented("query parameter", names)
        route.headers.read(moved)

    def _moved_headers(self, route: Route, query: Mapping[str, str]) -> dict[str, str]:
        """The headers that an SDK has moved into the query of a presigned URL.

        They are held against the contract like headers and have no effect, as at AWS: the SDK for
        JavaScript signs the checksum of no body with every URL, not knowing the one to come.
        """
        return {
            name.lower(): value
            for name, value in query.items()
            if name.lower().startswith(self._namespace) and route.query.undeclared([name])
        }

    def _not_implemented(self, what: str, names: Sequence[str]) -> NotImplemented:
        """The refusal that names what can be helped with, in whatever order it was sent."""
        name = min(names, key=self._hints.rank)
        return NotImplemented(self._hints.add_to(f'{what} "{name}"', names))


def _depth(path: str) -> int:
    """What a path of the document is about: 0 the service, 1 a bucket, 2 an object."""
    return path.partition("#")[0].count("{")


def _address(raw_path: bytes) -> tuple[str, str]:
    """Bucket and key, decoded once and otherwise as they were sent.

    Raises:
        InvalidURI: The path begins with no bucket, has a bad escape, or is not UTF-8.
    """
    path = raw_path[1:]
    if not raw_path.startswith(b"/") or path.startswith(b"/"):
        raise InvalidURI("The path begins with no bucket name.")
    if b"%" not in path:
        bucket, _, key = path.decode("ascii").partition("/")
        return bucket, key
    return bucket_and_key(path)


def _query(query_string: bytes) -> dict[str, str]:
    """Query parameters; of a repeated one the first counts."""
    query: dict[str, str] = {}
    for item in query_string.decode("latin-1").split("&"):
        name, _, value = item.partition("=")
        if item:
            query.setdefault(_query_text(name), _query_text(value))
    return query


def _query_text(part: str) -> str:
    """A name or a value; most hold nothing to decode.

    Raises:
        InvalidURI: It is not UTF-8.
    """
    if part.isascii() and "%" not in part and "+" not in part:
        return part
    try:
        return unquote_plus(part, errors="strict")
    except UnicodeDecodeError:
        raise InvalidURI("The query string is not UTF-8.") from None


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined, as HTTP has it."""
    headers: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            repeated.setdefault(name, [headers[name]]).append(value)
        else:
            headers[name] = value
    return headers | {name: ", ".join(values) for name, values in repeated.items()}
