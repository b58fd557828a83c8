from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from s3_wire.errors import NoSuchKey, S3Error, SlowDown


def _subclasses(cls: type[S3Error]) -> Iterator[type[S3Error]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


ERRORS = sorted(set(_subclasses(S3Error)), key=lambda error: error.__name__)


def test_the_errors_are_found() -> None:
    assert NoSuchKey in ERRORS
    assert SlowDown in ERRORS


def test_no_two_errors_share_a_code() -> None:
    assert len({error.__name__ for error in ERRORS}) == len(ERRORS)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_has_a_status_of_failure(error: type[S3Error]) -> None:
    assert type(error.status) is int
    assert 400 <= error.status < 600


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_has_a_message_that_fits_its_document(error: type[S3Error]) -> None:
    message = error().message
    assert message == error.message
    assert message
    assert message == message.strip()
    assert re.fullmatch(r"[\x20-\x7e]+", message)


@pytest.mark.parametrize("error", ERRORS)
def test_the_class_name_is_the_code(error: type[S3Error]) -> None:
    assert error().code == error.__name__
    assert error("Something else.", Key="k").code == error.__name__
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", error.__name__)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_can_be_raised_as_a_class(error: type[S3Error]) -> None:
    with pytest.raises(error) as raised:
        raise error
    assert raised.value.details == {}
    assert raised.value.retry_after_seconds is None


def test_a_message_of_its_own_replaces_the_default_in_one_error_only() -> None:
    assert NoSuchKey("No such thing.").message == "No such thing."
    assert str(NoSuchKey("No such thing.")) == "No such thing."
    assert NoSuchKey("").message == ""
    assert NoSuchKey().message == str(NoSuchKey()) == "The specified key does not exist."


def test_details_are_kept_in_their_order() -> None:
    error = NoSuchKey(Key="a<b", BucketName="b")
    assert list(error.details.items()) == [("Key", "a<b"), ("BucketName", "b")]
    assert NoSuchKey().details == {}


def test_retry_after_is_kept() -> None:
    error = SlowDown("Later.", retry_after_seconds=7, Reason="r")
    assert (error.message, error.retry_after_seconds, error.details) == (
        "Later.",
        7,
        {"Reason": "r"},
    )
