"""Names as people give them, as PFS can just hold them, and as it cannot."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

EMPTY = "master.empty"
BUCKETS = ("master.images", "dev.images", "images", EMPTY, "b.r.default", "_-.-_")
"""Few, so that requests meet; `images` is another name of `master.images`."""

_WORD = st.text("abcxyzABC019-_", min_size=1, max_size=8).filter(lambda word: word != "-")

buckets = st.one_of(
    st.sampled_from(BUCKETS),
    st.sampled_from(BUCKETS),
    st.lists(_WORD, min_size=1, max_size=2).map(".".join),
)
"""Names of branches in the project that there is."""

_KEYS = ("cat.jpg", "dogs/rex.jpg", "dogs/", "dogs", "a b/c~d,e=f;g%20h", "x/y/z.tar.gz")
_CHARACTERS = "".join(c for c in map(chr, range(0x20, 0x7F)) if c not in "*?[]{}!()@+^\\/")
_SEGMENT = st.text(_CHARACTERS, min_size=1, max_size=12).filter(lambda s: s not in (".", ".."))
_LONG = st.integers(200, 1024).map(lambda size: "k" * size)

keys = st.one_of(
    st.sampled_from(_KEYS),
    st.sampled_from(_KEYS),
    st.lists(_SEGMENT, min_size=1, max_size=4).map("/".join),
    st.lists(_SEGMENT, min_size=1, max_size=2).map(lambda parts: "/".join(parts) + "/"),
    _LONG,
)
"""Keys that PFS can hold, some of them directory markers, some up to S3's limit."""

sources = st.builds(
    lambda bucket, key, slash, safe: slash + quote(f"{bucket}/{key}", safe=safe),
    buckets,
    keys,
    st.sampled_from(("", "/")),
    st.sampled_from(("/", "")),
)
"""What a copy may be made of, written in the ways that programs write it."""

_DATES = st.sampled_from(("Mon, 23 Nov 1976 10:56:05 GMT", "Tue, 23 Nov 2060 10:56:05 GMT"))
_POSITION = st.integers(0, 12) | st.sampled_from(("", "999999"))
_RANGES = st.builds("bytes={}-{}".format, _POSITION, _POSITION)
_ALL = {
    "Range": _RANGES | st.just("bytes=999999-"),
    "If-Range": _DATES,
    "If-Match": st.just("*"),
    "If-None-Match": st.just("*"),
    "If-Modified-Since": _DATES,
    "If-Unmodified-Since": _DATES,
}

conditions = st.one_of(
    *(st.fixed_dictionaries({name: values}) for name, values in _ALL.items()),
    st.fixed_dictionaries({}, optional=_ALL),
)
"""Headers of a read that mean something; their schemas allow any string."""
