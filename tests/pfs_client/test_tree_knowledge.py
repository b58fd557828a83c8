from __future__ import annotations

import random

import pytest

from pfs_client.group_commit.tree_knowledge import ABOVE_ALL, Ranges, TreeKnowledge, parents


@pytest.mark.parametrize(
    ("added", "covered", "not_covered"),
    [
        ([("b", "d")], "bcd", "ae"),
        ([("b", "c"), ("e", "f")], "bcef", "adg"),
        ([("e", "f"), ("b", "c")], "bcef", "adg"),
        ([("b", "c"), ("c", "e")], "bcde", "af"),
        ([("b", "c"), ("e", "f"), ("a", "g")], "abcdefg", "h"),
        ([("b", "f"), ("c", "d")], "bcdef", "ag"),
        ([("b", "c"), ("e", "f"), ("h", "i"), ("c", "h")], "bcdefghi", "aj"),
        ([("b", "b")], "b", "ac"),
    ],
)
def test_ranges(added: list[tuple[str, str]], covered: str, not_covered: str) -> None:
    ranges = Ranges()
    for low, high in added:
        ranges.add(low, high)
    assert all(map(ranges.cover, covered))
    assert not any(map(ranges.cover, not_covered))


def test_ranges_agree_with_sets() -> None:
    letters = "abcdefghijklmnop"
    draw = random.Random(1)  # noqa: S311
    for _ in range(300):
        ranges, members = Ranges(), set[str]()
        for _ in range(6):
            low, high = sorted(draw.choices(letters, k=2))
            ranges.add(low, high)
            members.update(c for c in letters if low <= c <= high)
            assert {c for c in letters if ranges.cover(c)} == members


def test_the_directories_above_a_path() -> None:
    assert parents("/a/b/c") == ["/a/b", "/a", ""]
    assert parents("") == []


def test_nothing_is_known_at_first() -> None:
    known = TreeKnowledge()
    assert not known.is_free("/a")
    assert known.collision_of("/a") is None


def test_a_known_file_may_be_replaced() -> None:
    known = TreeKnowledge()
    known.add_file("/d/a")
    assert known.is_free("/d/a")
    assert not known.is_free("/d/b")
    assert known.collision_of("/d") == "/d/"
    assert known.collision_of("/d/a/x") == "/d/a"


def test_where_everything_is_known_what_is_not_known_is_free() -> None:
    known = TreeKnowledge()
    known.add_directory("/d")
    known.add_range("/d", "b/", "k")
    assert known.is_free("/d/b")
    assert known.is_free("/d/c")
    assert not known.is_free("/d/a")
    assert not known.is_free("/d/k")  # the directory /d/k/ would come later
    assert known.is_free("/d/c/deeper/still")
    known.add_directory("/d/f")
    assert known.collision_of("/d/f") == "/d/f/"
    assert not known.is_free("/d/f/x")


def test_in_a_directory_that_was_missing_everything_is_free() -> None:
    known = TreeKnowledge()
    known.add_missing("/new")
    assert known.is_free("/new/a")
    assert known.is_free("/new/b/c")
    known.add_file("/new/a")
    assert known.collision_of("/new/a/x") == "/new/a"
    assert not known.is_free("/new/a/x")


def test_a_file_in_the_place_of_a_directory_takes_what_was_known_of_it() -> None:
    known = TreeKnowledge()
    known.add_file("/d/x/y")
    known.remove_file("/d/x/y")
    known.add_file("/d")
    assert known.is_free("/d")
    assert known.collision_of("/d/x/z") == "/d"
    assert not known.is_directory("/d/x")


def test_a_correction_takes_what_stood_in_the_way_and_no_more() -> None:
    known = TreeKnowledge()
    known.add_range("", "a", ABOVE_ALL)
    known.add_file("/d/x/y")
    known.add_file("/d/z")
    known.correct("/d/x")
    assert known.is_directory("/d")
    assert not known.is_directory("/d/x")
    assert known.is_free("/d/z")
    known.add_file("/e")
    known.correct("/e/below")
    assert known.collision_of("/e/below") is None


def test_knowledge_says_what_it_takes() -> None:
    known = TreeKnowledge()
    sizes = [known.size_bytes]
    for number in range(100):
        known.add_range("", f"{number:04}/", f"{number:04}/")
        sizes.append(known.size_bytes)
        known.add_file(f"/f{number}")
        sizes.append(known.size_bytes)
    assert sizes == sorted(set(sizes))
    known.add_file("/f1")
    assert known.size_bytes == sizes[-1]
