"""Keys, markers and contents that get in each other's way."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from tests.fuzz.model import EMPTY, Content

# Around the slash in the order of bytes, and such that one is a directory of another.
_SEGMENTS = ("a", "b", "a.", "a-", "a0", "aa", " ", "~", "#", "%2F", ".a")
_UNHOLDABLE = ("a//b", "/a", "../a", "a/./b", "a*", "é", "a\\b", "a\x7f", "\n", "//")

T = TypeVar("T")


def mostly(
    usual: st.SearchStrategy[T], seldom: st.SearchStrategy[T], *, times: int = 4
) -> st.SearchStrategy[T]:
    """The usual so many times as often as the other, whatever they are made of."""
    return st.integers(0, times).flatmap(lambda drawn: usual if drawn else seldom)


holdable = st.lists(st.sampled_from(_SEGMENTS), min_size=1, max_size=3).map("/".join)
markers = holdable.map(lambda key: key + "/")

_LONG = st.sampled_from(("k" * 1023, "k" * 1024, "k" * 1025, "k" * 1023 + "/", "k" * 1024 + "/"))

keys = st.one_of(holdable, holdable, markers, st.sampled_from(_UNHOLDABLE), _LONG)

CONTENTS = (
    EMPTY,
    Content(1),
    Content(1, "y"),
    Content(20),
    Content(300_000),
    Content(1_000_000),
    Content(1_100_000),
)
contents = st.sampled_from(CONTENTS)

near = st.sampled_from(("a", "a/b", "a/b/c", "a.", "a-/b", "a0", "aa/ ", "b/a", "a/", "%2F/a"))
"""A few keys that are files, directories of others, their markers, and neighbours."""

_ODD = st.sampled_from(("", "/", "\x01", "\x7f", "é", "\U0001f600", "a/\x00", "zzz", "%"))


@st.composite
def _cut(draw: st.DrawFn) -> str:
    key = draw(holdable)
    return key[: draw(st.integers(0, len(key)))]


prefixes = _cut() | markers | _ODD
afters = _cut() | holdable | markers | _ODD
delimiters = st.sampled_from(
    ("", "", "/", "/", "/", "/", "/", "a", "/a", "a/", "//", "-", "0", "é", ".")
)
page_sizes = st.sampled_from((0, 1, 2, 3, 7, 1000, 5000))
ranges = st.sampled_from(
    (
        *("", "bytes=0-0", "bytes=1-", "bytes=-1", "bytes=0-9", "bytes=3-5", "bytes=0-0"),
        *("bytes=2-1", "bytes=-0", "bytes=99-", "x"),
    )
)
