from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from s3_wire import signature_errors, upload_errors, version_errors
from s3_wire.errors import InvalidArgument, NoSuchKey, S3Error, SlowDown


def _subclasses(cls: type[S3Error]) -> Iterator[type[S3Error]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


ERRORS = sorted(set(_subclasses(S3Error)), key=lambda error: error.__name__)


def test_the_errors_are_found() -> None:
    assert NoSuchKey in ERRORS
    assert signature_errors.SignatureDoesNotMatch in ERRORS
    assert upload_errors.NoSuchUpload in ERRORS
    assert version_errors.NoSuchVersion in ERRORS
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


def test_what_there_is_to_add_is_the_reason() -> None:
    error = NoSuchKey("No such thing.", Key="k")
    assert error.message == "The specified key does not exist."
    assert list(error.details.items()) == [("Reason", "No such thing."), ("Key", "k")]
    assert str(error) == "No such thing."
    assert str(NoSuchKey()) == "The specified key does not exist."


def test_a_code_with_many_messages_says_the_one_that_fits() -> None:
    error = InvalidArgument("Part number must be an integer.", ArgumentName="partNumber")
    assert error.message == str(error) == "Part number must be an integer."
    assert error.details == {"ArgumentName": "partNumber"}
    assert InvalidArgument().message == "Invalid Argument"


OURS = {"InvalidFilePath", "WriteToOutputBranch"}
AMAZONS = {
    "AuthorizationHeaderMalformed": "The authorization header that you provided is not valid.",
    "AuthorizationQueryParametersError": (
        "The authorization query parameters that you provided are not valid."
    ),
    "ExpiredToken": "The provided token has expired.",
    "InvalidAccessKeyId": "The AWS Access Key Id you provided does not exist in our records.",
    "MissingSecurityHeader": "Your request is missing a required header.",
    "RequestTimeTooSkewed": (
        "The difference between the request time and the current time is too large."
    ),
    "SignatureDoesNotMatch": (
        "The request signature we calculated does not match the signature you provided."
        " Check your key and signing method."
    ),
    "AccessDenied": "Access Denied",
    "BadDigest": "The Content-MD5 you specified did not match what we received.",
    "BucketAlreadyOwnedByYou": (
        "Your previous request to create the named bucket succeeded and you already own it."
    ),
    "BucketNotEmpty": "The bucket you tried to delete is not empty",
    "EntityTooLarge": "Your proposed upload exceeds the maximum allowed size",
    "IncompleteBody": (
        "You did not provide the number of bytes specified by the Content-Length HTTP header"
    ),
    "InternalError": "We encountered an internal error. Please try again.",
    "InvalidArgument": "Invalid Argument",
    "InvalidBucketName": "The specified bucket is not valid.",
    "InvalidDigest": "The Content-MD5 you specified was invalid.",
    "InvalidPartNumber": "The requested partnumber is not satisfiable",
    "InvalidRange": "The requested range is not satisfiable",
    "InvalidRequest": "Invalid Request",
    "InvalidURI": "Couldn't parse the specified URI.",
    "KeyTooLongError": "Your key is too long",
    "MalformedTrailerError": (
        "The request contained trailing data that was not well-formed or did not conform to our"
        " published schema."
    ),
    "MalformedXML": (
        "The XML you provided was not well-formed or did not validate against our published schema"
    ),
    "MaxMessageLengthExceeded": "Your request was too big.",
    "MethodNotAllowed": "The specified method is not allowed against this resource.",
    "MissingContentLength": "You must provide the Content-Length HTTP header.",
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "EntityTooSmall": "Your proposed upload is smaller than the minimum allowed size",
    "InvalidPart": (
        "One or more of the specified parts could not be found.  The part may not have been"
        " uploaded, or the specified entity tag may not match the part's entity tag."
    ),
    "InvalidPartOrder": (
        "The list of parts was not in ascending order. Parts must be ordered by part number."
    ),
    "NoSuchUpload": (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may"
        " have been aborted or completed."
    ),
    "NoSuchVersion": "The specified version does not exist.",
    "NotImplemented": "A header you provided implies functionality that is not implemented",
    "OperationAborted": (
        "A conflicting conditional operation is currently in progress against this resource."
        " Please try again."
    ),
    "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    "RequestHeaderSectionTooLarge": (
        "Your request header section exceeds the maximum allowed size."
    ),
    "RequestTimeout": (
        "Your socket connection to the server was not read from or written to within the timeout"
        " period. Idle connections will be closed."
    ),
    "ServiceUnavailable": "Service is unable to handle request.",
    "SlowDown": "Please reduce your request rate.",
    "XAmzContentSHA256Mismatch": (
        "The provided 'x-amz-content-sha256' header does not match what was computed."
    ),
}


def test_messages_of_amazons_codes_are_amazons() -> None:
    assert {error.__name__: error.message for error in ERRORS if error.__name__ not in OURS} == (
        AMAZONS
    )


def test_details_are_kept_in_their_order() -> None:
    error = NoSuchKey(Key="a<b", BucketName="b")
    assert list(error.details.items()) == [("Key", "a<b"), ("BucketName", "b")]
    assert NoSuchKey().details == {}


def test_retry_after_is_kept() -> None:
    assert SlowDown("Later.", retry_after_seconds=7).retry_after_seconds == 7
