"""A client that signs with version 2, and can sign wrongly."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import quote

from tests.keys.signer import Key, new_address
from tests.raw_http import Address, Answer, Connection

_LIFETIME_SECONDS = 60
_NOT_SIGNED = ("list-type", "prefix", "max-keys")


def send_v2(
    gateway: Address,
    key: Key,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    presigned: bool = False,
    spoiled: bool = False,
) -> Answer:
    """One request; the signature in the query if presigned."""
    sent = dict(headers or {})
    date = str(int(time.time()) + _LIFETIME_SECONDS) if presigned else formatdate(usegmt=True)
    given = _signature(key, method, target, sent, date)
    if spoiled:
        given = ("A" if given[0] != "A" else "B") + given[1:]
    if presigned:
        form = f"AWSAccessKeyId={key.name}&Expires={date}&Signature={quote(given, safe='')}"
        target += ("&" if "?" in target else "?") + form
    else:
        sent |= {"Date": date, "Authorization": f"AWS {key.name}:{given}"}
    with Connection(gateway, new_address()) as connection:
        return connection.request(method, target, body if method != "GET" else None, sent)


def _signature(key: Key, method: str, target: str, sent: Mapping[str, str], date: str) -> str:
    path, _, query = target.partition("?")
    signed = sorted(
        one for one in query.split("&") if one and one.partition("=")[0] not in _NOT_SIGNED
    )
    amz = sorted(
        f"{name.lower()}:{value}\n"
        for name, value in sent.items()
        if name.lower().startswith("x-amz-")
    )
    plain = {name.lower(): value for name, value in sent.items()}
    lines = (method, plain.get("content-md5", ""), plain.get("content-type", ""), date)
    resource = path + ("?" + "&".join(signed) if signed else "")
    to_sign = "\n".join(lines) + "\n" + "".join(amz) + resource
    digest = hmac.digest(key.secret.encode(), to_sign.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()
