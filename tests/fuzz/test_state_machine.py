"""Random requests, one after the other, compared with the model."""

from __future__ import annotations

import itertools
import os
from contextlib import closing
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
from tests.fuzz.model import EMPTY, Condition, Content, bucket_name
from tests.fuzz.profiles import examples
from tests.servers import GatewayProcess

_runs = itertools.count()

# Of the buckets some are the same; `R` is a repo of the run's own.
BUCKETS = st.sampled_from(("master.R", "R", "R", "dev.R", "dev.R.default", "master.Rb"))

# Few, so that most requests find something: files, directories of others, and their markers.
_FEW = ("a", "a/b", "a/b/c", "a.", "a-/b", "a0", "aa/ ", "~", "b/a", "a/", "a/b/", "%2F/a")
KEYS = st.one_of(*[st.sampled_from(_FEW)] * 3, k.keys)
CONTENTS = st.sampled_from((EMPTY, Content(1), Content(1, "y"), Content(20), Content(1_100_000)))


def conditions(*headers: str) -> st.SearchStrategy[Condition]:
    contents = st.lists(CONTENTS, min_size=1, max_size=2).map(tuple)
    return st.builds(Condition, st.sampled_from(headers), st.none() | contents)


ON_PUT = st.none() | st.none() | conditions("If-Match", "If-None-Match")
ON_DELETE = st.none() | st.none() | conditions("If-Match")
ON_GET = st.dictionaries(st.sampled_from(("If-Match", "If-None-Match")), st.none()).flatmap(
    lambda chosen: st.fixed_dictionaries({header: conditions(header) for header in chosen})
)
NAMED = st.lists(
    st.tuples(KEYS.filter(str.isprintable), ON_DELETE),
    min_size=1,
    max_size=8,
    unique_by=lambda named: named[0],
)
LISTINGS = st.builds(
    Listing,
    version=st.sampled_from((1, 2)),
    prefix=st.just("") | k.prefixes,
    delimiter=k.delimiters,
    after=st.just("") | k.afters,
    max_keys=k.page_sizes,
    is_encoded=st.booleans(),
)


class S3Machine(RuleBasedStateMachine):
    """One gateway, and the model of what is in it."""

    gateway: ClassVar[GatewayProcess]

    @initialize()
    def begin(self) -> None:
        self.repo = f"r{os.getpid()}-{next(_runs)}x"
        self.both = Comparison(Client(self.gateway))
        self.both.create_bucket(f"master.{self.repo}")

    def named(self, bucket: str) -> str:
        return bucket.replace("R", self.repo)

    @rule(bucket=BUCKETS)
    def create_bucket(self, bucket: str) -> None:
        self.both.create_bucket(self.named(bucket))

    @rule(bucket=BUCKETS)
    def delete_bucket(self, bucket: str) -> None:
        self.both.delete_bucket(self.named(bucket))

    @rule(bucket=BUCKETS)
    def find_bucket(self, bucket: str) -> None:
        self.both.find_bucket(self.named(bucket))

    @rule(prefix=st.sampled_from(("", "master.", "dev", "x")))
    def list_buckets(self, prefix: str) -> None:
        self.both.list_buckets(self.repo, prefix)

    @rule(bucket=BUCKETS, key=KEYS, content=CONTENTS, condition=ON_PUT)
    def put(self, bucket: str, key: str, content: Content, condition: Condition | None) -> None:
        self.both.put(self.named(bucket), key, content, condition)

    @rule(bucket=BUCKETS, keys=st.lists(k.holdable, min_size=2, max_size=6), content=CONTENTS)
    def put_many(self, bucket: str, keys: list[str], content: Content) -> None:
        for key in keys:
            self.both.put(self.named(bucket), key, content, None)

    @rule(bucket=BUCKETS, key=KEYS, condition=ON_DELETE)
    def delete(self, bucket: str, key: str, condition: Condition | None) -> None:
        self.both.delete(self.named(bucket), key, condition)

    @rule(bucket=BUCKETS, named=NAMED, quiet=st.booleans())
    def delete_many(
        self, bucket: str, named: list[tuple[str, Condition | None]], quiet: bool
    ) -> None:
        self.both.delete_many(self.named(bucket), named, quiet=quiet)

    @rule(bucket=BUCKETS, key=KEYS, range_=k.ranges, conditions=ON_GET)
    def get(self, bucket: str, key: str, range_: str, conditions: dict[str, Condition]) -> None:
        self.both.get(self.named(bucket), key, range_, conditions)

    @rule(bucket=BUCKETS, asked=LISTINGS)
    def list(self, bucket: str, asked: Listing) -> None:
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


@pytest.mark.timeout(1200)
def test_the_gateway_does_what_the_model_does(own_gateway: GatewayProcess) -> None:
    S3Machine.gateway = own_gateway
    run_state_machine_as_test(
        S3Machine, settings=settings(max_examples=examples(60, 500), stateful_step_count=40)
    )


@pytest.mark.timeout(1200)
def test_listings_are_the_models(own_gateway: GatewayProcess) -> None:
    with closing(Client(own_gateway)) as client:

        @settings(max_examples=examples(40, 400))
        @given(
            st.lists(k.holdable, min_size=2, max_size=14),
            st.lists(LISTINGS, min_size=10, max_size=25),
        )
        def check(keys: list[str], listings: list[Listing]) -> None:
            both = Comparison(client)
            bucket = f"master.l{next(_runs)}"
            both.create_bucket(bucket)
            for key in keys:
                both.put(bucket, key, Content(1), None)
            for asked in listings:
                both.list_all(bucket, asked)

        check()
