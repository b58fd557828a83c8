"""A gateway and the model of it, given the same requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from tests.fuzz.client import Client, delete_document
from tests.fuzz.listing_model import Page
from tests.fuzz.model import Condition, Content, Model, Outcome, bucket_id, in_range
from tests.raw_http import Answer

NO_ETAG = f'"{"0" * 64}-1"'
"""The ETag of no content that a test has."""


@dataclass(frozen=True)
class Listing:
    """What a listing is asked for."""

    version: int
    prefix: str = ""
    delimiter: str = ""
    after: str = ""
    max_keys: int = 1000
    is_encoded: bool = False


@dataclass
class Comparison:
    """Sends a request, has the model do the same, and compares what comes of it."""

    client: Client
    model: Model = field(default_factory=Model)
    etags: dict[Content, str] = field(default_factory=dict)

    def create_bucket(self, bucket: str) -> None:
        answer = self.client.send("CreateBucket", bucket)
        _check(answer, self.model.create_bucket(bucket_id(bucket)))

    def delete_bucket(self, bucket: str) -> None:
        answer = self.client.send("DeleteBucket", bucket)
        _check(answer, self.model.delete_bucket(bucket_id(bucket)))

    def find_bucket(self, bucket: str) -> None:
        expected = self.model.find_bucket(bucket_id(bucket))
        _check(self.client.send("GetBucketLocation", bucket), expected)
        assert self.client.send("HeadBucket", bucket).status == expected.status

    def put(self, bucket: str, key: str, content: Content, condition: Condition | None) -> None:
        headers = self.headers_of(condition)
        answer = self.client.send("PutObject", bucket, key, headers=headers, body=content.bytes)
        expected = self.model.put(bucket_id(bucket), key, content, condition)
        self._check_object(answer, expected)

    def copy(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        condition: Condition | None,
        *,
        is_replacing: bool,
    ) -> None:
        """Copy an object; what the copy is, is read back."""
        headers = {"x-amz-copy-source": quote("/".join(source)), **self.headers_of(condition)}
        if is_replacing:
            headers["x-amz-metadata-directive"] = "REPLACE"
        answer = self.client.send("CopyObject", *target, headers=headers)
        expected = self.model.copy_object(
            (bucket_id(source[0]), source[1]),
            (bucket_id(target[0]), target[1]),
            condition,
            is_replacing=is_replacing,
        )
        _check(answer, expected)
        if expected.content is not None:
            value = self.client.document_of("CopyObject", answer)
            assert value["ETag"] == self.etags.setdefault(expected.content, value["ETag"])
            self.get(*target)

    def delete(self, bucket: str, key: str, condition: Condition | None) -> None:
        answer = self.client.send("DeleteObject", bucket, key, headers=self.headers_of(condition))
        _check(answer, self.model.delete(bucket_id(bucket), key, condition))

    def delete_many(
        self, bucket: str, named: Sequence[tuple[str, Condition | None]], *, quiet: bool
    ) -> None:
        objects = []
        for key, condition in named:
            etag = {"ETag": self.headers_of(condition)["If-Match"]} if condition else {}
            objects.append({"Key": key, **etag})
        answer = self.client.send(
            "DeleteObjects", bucket, body=delete_document(objects, quiet=quiet)
        )
        expected = self.model.delete_many(bucket_id(bucket), named)
        if isinstance(expected, Outcome):
            _check(answer, expected)
            return
        keys = [key for key, _ in named]
        gone = [k for k, o in zip(keys, expected, strict=True) if o.status == 204]
        wrong = [(k, o.code) for k, o in zip(keys, expected, strict=True) if o.status != 204]
        value = self.client.document_of("DeleteObjects", answer)
        assert [d["Key"] for d in value.get("Deleted", [])] == ([] if quiet else gone)
        assert [(e["Key"], e["Code"]) for e in value.get("Error", [])] == wrong

    def get(
        self,
        bucket: str,
        key: str,
        range_: str = "",
        conditions: Mapping[str, Condition] | None = None,
    ) -> None:
        """Read an object with GET and HEAD."""
        headers = {"Range": range_} if range_ else {}
        for condition in (conditions or {}).values():
            headers |= self.headers_of(condition)
        expected = self.model.get(bucket_id(bucket), key, conditions)
        part = b""
        if expected.status == 200 and expected.content is not None:
            status, part = in_range(expected.content.bytes, range_)
            code = "InvalidRange" if status == 416 else ""
            expected = Outcome(status, code, expected.content if status != 416 else None)
        answer = self.client.send("GetObject", bucket, key, headers=headers)
        self._check_object(answer, expected)
        if answer.status in (200, 206):
            assert answer.body == part
        head = self.client.send("HeadObject", bucket, key, headers=headers)
        assert head.status == answer.status
        same = ("etag", "last-modified", "content-range", "content-type", "accept-ranges")
        if answer.status < 400:
            assert {n: head.headers.get(n) for n in same} == {
                n: answer.headers.get(n) for n in same
            }
            assert head.headers.get("content-length") == answer.headers.get("content-length")

    def list_buckets(self, repo_mark: str, prefix: str) -> None:
        """List the buckets, of which those of a mark in their repo's name are the model's."""
        answer = self.client.send("ListBuckets", query={"prefix": prefix})
        value = self.client.document_of("ListBuckets", answer)
        names = [b["Name"] for b in value["Buckets"] if repo_mark in b["Name"]]
        assert names == self.model.list_buckets(prefix)

    def list_all(self, bucket: str, asked: Listing) -> None:
        """List, page by page to the end."""
        after, token = asked.after, ""
        for _ in range(200):
            expected = self.model.list_objects(
                bucket_id(bucket),
                prefix=asked.prefix,
                delimiter=asked.delimiter,
                after=after,
                max_keys=min(asked.max_keys, 1000),
            )
            answer = self._list(bucket, asked, after, token)
            if isinstance(expected, Outcome):
                _check(answer, expected)
                return
            token = self._check_page(bucket, asked, after, answer, expected)
            if not expected.is_truncated:
                return
            after = expected.last
        raise AssertionError("the listing does not end")

    def headers_of(self, condition: Condition | None) -> dict[str, str]:
        """A condition as a header; contents that were never stored have an ETag of nobody's."""
        if condition is None:
            return {}
        if condition.contents is None:
            return {condition.header: "*"}
        etags = [self.etags.get(content, NO_ETAG) for content in condition.contents]
        return {condition.header: ", ".join(etags)}

    def _check_object(self, answer: Answer, expected: Outcome) -> None:
        _check(answer, expected)
        if expected.content is not None:
            etag = self.etags.setdefault(expected.content, answer.headers["etag"])
            assert answer.headers["etag"] == etag
            assert list(self.etags.values()).count(etag) == 1

    def _list(self, bucket: str, asked: Listing, after: str, token: str) -> Answer:
        query = {"prefix": asked.prefix, "delimiter": asked.delimiter}
        query["max-keys"] = str(asked.max_keys)
        if asked.is_encoded:
            query["encoding-type"] = "url"
        if asked.version == 1:
            return self.client.send("ListObjects", bucket, query={**query, "marker": after})
        query["start-after"] = asked.after
        if token:
            query["continuation-token"] = token
        return self.client.send("ListObjectsV2", bucket, query=query)

    def _check_page(
        self, bucket: str, asked: Listing, after: str, answer: Answer, expected: Page
    ) -> str:
        """Compare a page, and return the token of the next one."""
        assert answer.status == 200, answer
        name = "ListObjects" if asked.version == 1 else "ListObjectsV2"
        value = self.client.document_of(name, answer)
        decode = unquote if asked.is_encoded else str
        contents = value.get("Contents", [])
        keys = tuple(decode(one["Key"]) for one in contents)
        prefixes = tuple(decode(one["Prefix"]) for one in value.get("CommonPrefixes", []))
        assert Page(keys, prefixes, value["IsTruncated"]) == expected
        objects = self.model.buckets[bucket_id(bucket)]
        assert [one["Size"] for one in contents] == [objects[key].size_bytes for key in keys]
        assert [one["ETag"] for one in contents] == [self.etags[objects[key]] for key in keys]
        assert value["MaxKeys"] == min(asked.max_keys, 1000)
        assert value.get("EncodingType") == ("url" if asked.is_encoded else None)
        if asked.version == 1:
            has_next = expected.is_truncated and asked.delimiter
            following = value.get("NextMarker")
            assert (following and decode(following)) == (expected.last if has_next else None)
            return ""
        assert value["KeyCount"] == len(keys) + len(prefixes)
        assert ("NextContinuationToken" in value) == expected.is_truncated
        return str(value.get("NextContinuationToken", ""))


def _check(answer: Answer, expected: Outcome) -> None:
    code = (answer.code or "") if answer.status >= 400 else ""
    assert (answer.status, code) == (expected.status, expected.code), answer
