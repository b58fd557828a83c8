"""Random requests, one after the other, compared with the model."""

from __future__ import annotations

import itertools
import os
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.fuzz import keys as k
from tests.fuzz.client import Client
from tests.fuzz.comparison import Comparison, Listing
from tests.fuzz.model import EMPTY, Condition, Content, bucket_id, bucket_name
from tests.fuzz.profiles import examples
from tests.servers import GatewayProcess

_runs = itertools.count()

# Of the buckets some are the same; `R` is a repo of the run's own.
BUCKETS = st.sampled_from(("master.R", "R", "R", "master.R", "dev.R", "dev.R.default"))

CONTENTS = st.sampled_from((EMPTY, Content(1), Content(1, "y"), Content(20), Content(1_100_000)))

# A number stands for one of the keys that there are.
THERE = st.integers(0, 9)
KEYS: st.SearchStrategy[str | int] = k.mostly(k.mostly(THERE, k.near, times=2), k.keys)


@dataclass(frozen=True)
class Demand:
    """A condition, in relation to what is there when it is sent."""

    header: str
    kind: str

    def on(self, content: Content | None) -> Condition:
        """As a condition on an object of this content."""
        others = (Content(7, "z"), Content(8, "z"))
        same = others[:1] if content is None else (content,)
        contents = {"any": None, "same": same, "other": others, "one of": (*others, *same)}
        return Condition(self.header, contents[self.kind])


def demands(*headers: str) -> st.SearchStrategy[Demand]:
    kinds = st.sampled_from(("any", "same", "other", "one of"))
    return st.builds(Demand, st.sampled_from(headers), kinds)


ON_PUT = st.none() | demands("If-Match", "If-None-Match")
ON_COPY = st.none() | st.none() | demands("If-Match", "If-None-Match")
ON_DELETE = st.none() | demands("If-Match")
ON_GET = st.lists(demands("If-Match", "If-None-Match"), max_size=2, unique_by=lambda d: d.header)
NAMED = st.lists(st.tuples(KEYS, ON_DELETE), min_size=1, max_size=8)


def listings(parts: st.SearchStrategy[str]) -> st.SearchStrategy[Listing]:
    """Listings whose prefixes and markers are parts of keys, or things that are none."""
    return st.builds(
        Listing,
        version=st.sampled_from((1, 2)),
        prefix=k.mostly(st.just("") | parts, k.prefixes),
        delimiter=k.delimiters,
        after=k.mostly(st.just("") | parts, k.afters),
        max_keys=k.page_sizes,
        is_encoded=st.booleans(),
    )


def parts_of(keys: list[str]) -> st.SearchStrategy[str]:
    """Beginnings of keys, and what is just behind them."""
    ends = {key[:at] for key in keys for at in range(len(key) + 1)}
    return st.builds(
        str.__add__, st.sampled_from(sorted(ends)), st.sampled_from(("", "", "/", "0"))
    )


KEYS_AND_LISTINGS = st.lists(k.near | k.holdable, min_size=2, max_size=14).flatmap(
    lambda keys: st.tuples(
        st.just(keys), st.lists(listings(parts_of(keys)), min_size=10, max_size=25)
    )
)


class S3Machine(RuleBasedStateMachine):
    """One gateway, and the model of what is in it."""

    gateway: ClassVar[GatewayProcess]

    @initialize(keys=st.lists(k.near, min_size=2, max_size=8), content=CONTENTS)
    def begin(self, keys: list[str], content: Content) -> None:
        self.repo = f"r{os.getpid()}-{next(_runs)}x"
        self.both = Comparison(Client(self.gateway))
        self.on_bucket("master.R", "create")
        for key in keys:
            self.put("master.R", key, content, None)

    def named(self, bucket: str) -> str:
        return bucket.replace("R", self.repo)

    def objects(self, bucket: str) -> dict[str, Content]:
        return self.both.model.buckets.get(bucket_id(self.named(bucket)), {})

    def key(self, bucket: str, key: str | int) -> str:
        if isinstance(key, str):
            return key
        there = sorted(self.objects(bucket)) or ["a"]
        return there[key % len(there)]

    def on(self, bucket: str, key: str, demand: Demand | None) -> Condition | None:
        return None if demand is None else demand.on(self.objects(bucket).get(key))

    @rule(bucket=BUCKETS, do=st.sampled_from(("create", "delete", "find", "list")))
    def on_bucket(self, bucket: str, do: str) -> None:
        name = self.named(bucket)
        match do:
            case "create":
                self.both.create_bucket(name)
            case "delete":
                self.both.delete_bucket(name)
            case "find":
                self.both.find_bucket(name)
            case "list":
                self.both.list_buckets(self.repo, bucket.partition(".")[0].rstrip("R"))

    @rule(bucket=BUCKETS, key=KEYS, content=CONTENTS, demand=ON_PUT)
    def put(self, bucket: str, key: str | int, content: Content, demand: Demand | None) -> None:
        key = self.key(bucket, key)
        self.both.put(self.named(bucket), key, content, self.on(bucket, key, demand))

    @rule(bucket=BUCKETS, key=KEYS, demand=ON_DELETE)
    def delete(self, bucket: str, key: str | int, demand: Demand | None) -> None:
        key = self.key(bucket, key)
        self.both.delete(self.named(bucket), key, self.on(bucket, key, demand))

    @rule(bucket=BUCKETS, named=NAMED, quiet=st.booleans())
    def delete_many(
        self, bucket: str, named: list[tuple[str | int, Demand | None]], quiet: bool
    ) -> None:
        # Of a key that comes twice the order would matter, which S3 leaves open.
        chosen = {self.key(bucket, key): demand for key, demand in named}
        self.both.delete_many(
            self.named(bucket),
            [(key, self.on(bucket, key, d)) for key, d in chosen.items() if key.isprintable()],
            quiet=quiet,
        )

    @rule(bucket=BUCKETS, key=KEYS, range_=k.ranges, demands=ON_GET)
    def get(self, bucket: str, key: str | int, range_: str, demands: list[Demand]) -> None:
        key = self.key(bucket, key)
        conditions = {demand.header: demand.on(self.objects(bucket).get(key)) for demand in demands}
        self.both.get(self.named(bucket), key, range_, conditions)

    @rule(bucket=BUCKETS, asked=listings(k.holdable))
    def list_objects(self, bucket: str, asked: Listing) -> None:
        self.both.list_all(self.named(bucket), asked)

    def teardown(self) -> None:
        try:
            self.leave_nothing()
        finally:
            self.both.client.close()

    def leave_nothing(self) -> None:
        """Read all that there is to be, and remove it."""
        for bucket, objects in sorted(self.both.model.copy().buckets.items()):
            name = bucket_name(bucket)
            self.both.list_all(name, Listing(version=2))
            for key in sorted(objects):
                self.both.get(name, key)
                self.both.delete(name, key, None)
            self.both.delete_bucket(name)
        self.both.list_buckets(self.repo, "")


class CopyingMachine(S3Machine):
    """The same, of a gateway that copies."""

    @rule(buckets=st.tuples(BUCKETS, BUCKETS), keys=st.tuples(KEYS, KEYS), demand=ON_COPY)
    def copy(
        self, buckets: tuple[str, str], keys: tuple[str | int, str | int], demand: Demand | None
    ) -> None:
        source, target = (self.key(*one) for one in zip(buckets, keys, strict=True))
        self.both.copy(
            (self.named(buckets[0]), source),
            (self.named(buckets[1]), target),
            self.on(buckets[1], target, demand),
            is_replacing=bool(demand),
        )


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("layers", [("copy",)], ids=["copy"], indirect=True)
def test_a_gateway_that_copies_does_what_the_model_does(own_gateway: GatewayProcess) -> None:
    CopyingMachine.gateway = own_gateway
    few = 20 if own_gateway.pfs.startswith("grpc") else 60
    run_state_machine_as_test(
        CopyingMachine, settings=settings(max_examples=examples(few, 300), stateful_step_count=40)
    )


@pytest.mark.timeout(1200)
def test_the_gateway_does_what_the_model_does(own_gateway: GatewayProcess) -> None:
    S3Machine.gateway = own_gateway
    few = 60 if own_gateway.pfs.startswith("grpc") else 160
    run_state_machine_as_test(
        S3Machine, settings=settings(max_examples=examples(few, 500), stateful_step_count=40)
    )


@pytest.mark.timeout(1200)
def test_listings_are_the_models(own_gateway: GatewayProcess) -> None:
    with closing(Client(own_gateway)) as client:

        @settings(max_examples=examples(40, 400))
        @given(KEYS_AND_LISTINGS)
        def check(drawn: tuple[list[str], list[Listing]]) -> None:
            keys, asked_for = drawn
            both = Comparison(client)
            bucket = f"master.l{next(_runs)}"
            both.create_bucket(bucket)
            for key in keys:
                both.put(bucket, key, Content(1), None)
            for asked in asked_for:
                both.list_all(bucket, asked)

        check()
