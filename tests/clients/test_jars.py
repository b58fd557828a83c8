from __future__ import annotations

from tests.clients.jars import differences


def test_the_same_jars_are_as_they_were_locked() -> None:
    assert differences({"a.jar": "1"}, {"a.jar": "1"}) == []


def test_a_jar_of_other_bytes_is_seen() -> None:
    wrong = differences({"a.jar": "1"}, {"a.jar": "2"})
    assert wrong == ["a.jar is another file than the one that was locked"]


def test_a_jar_more_and_a_jar_less_are_seen() -> None:
    wrong = differences({"old.jar": "1"}, {"new.jar": "1"})
    assert [line.partition(" is ")[0] for line in wrong] == ["new.jar", "old.jar"]
