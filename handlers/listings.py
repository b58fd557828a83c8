"""Operations on the keys of a bucket: ListObjects and ListObjectsV2."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.bucket_branches import existing_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.listing_pages import Listing, Page, ask_ahead, list_page
from handlers.listing_xml import ListingXml
from handlers.modification_times import not_later
from handlers.page_tokens import after_token, token_for
from pfs_client.values import BranchInfo
from s3_wire import xml

MAX_KEYS = 1000
_ENTRY_BYTES = 5 * 1024
"""What an entry with the longest key takes, with its XML, in which every byte may be three."""


async def list_objects(request: S3Request) -> S3Response:
    """ListObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html ."""
    asked = request.parameters
    marker = asked.get("marker", "")
    page, writer, entries = await _page(request, marker, with_owner=True, goes_on=bool(marker))
    content = [*writer.head(is_truncated=page.is_truncated), writer.encoded("Marker", marker)]
    if page.is_truncated and asked.get("delimiter"):
        content.append(writer.encoded("NextMarker", page.last_name))
    return xml_response(xml.document("ListBucketResult", content + entries), request.memory)


async def list_objects_v2(request: S3Request) -> S3Response:
    """ListObjectsV2: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html ."""
    asked = request.parameters
    token = asked.get("continuation-token")
    start_after = asked.get("start-after", "")
    after = after_token(token) if token else start_after
    with_owner = asked.get("fetch-owner", False)
    page, writer, entries = await _page(
        request, after, with_owner=with_owner, goes_on=token is not None
    )
    content = [
        *writer.head(is_truncated=page.is_truncated),
        xml.element("KeyCount", str(page.count)),
    ]
    if start_after:
        content.append(writer.encoded("StartAfter", start_after))
    if token is not None:
        content.append(xml.element("ContinuationToken", token))
    if page.is_truncated:
        content.append(xml.element("NextContinuationToken", token_for(page.last_name)))
    return xml_response(xml.document("ListBucketResult", content + entries), request.memory)


async def _page(
    request: S3Request, after: str, *, with_owner: bool, goes_on: bool
) -> tuple[Page, ListingXml, list[str]]:
    """Gather a page, and write its entries.

    Args:
        request: What is asked.
        after: What to begin behind.
        with_owner: Whether entries name their owner.
        goes_on: Whether a page came before, so that the client is likely to want the next too.
    """
    asked = request.parameters
    max_keys = min(asked.get("max-keys", MAX_KEYS), MAX_KEYS)
    await request.memory.need(max_keys * _ENTRY_BYTES)
    branch = await existing_branch(request.services, request.bucket)
    prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
    listing = Listing(request.services.files, branch.head, prefix, delimiter, after)
    page = await list_page(listing, max_keys)
    ahead = ask_ahead(listing, page, max_keys) if goes_on else None
    writer = ListingXml(request.bucket, asked, max_keys)
    try:
        modified = await _modified(request, branch, page)
    except BaseException:
        if ahead is not None:
            ahead.cancel()
        raise
    return page, writer, writer.files(page, modified, with_owner=with_owner) + writer.prefixes(page)


async def _modified(request: S3Request, branch: BranchInfo, page: Page) -> list[datetime]:
    if not page.files:
        return []
    changed = await request.services.times.of_files(branch, page.files)
    now = datetime.now(UTC)
    return [not_later(time, now) for time in changed]
