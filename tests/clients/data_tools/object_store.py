"""The settings of tools that are built on Rust's object_store."""

from __future__ import annotations

from tests.clients import steps

OPTIONS = {
    "aws_endpoint_url": steps.endpoint(),
    "aws_region": "us-east-1",
    "aws_access_key_id": "any",
    "aws_secret_access_key": "anything",
    "aws_allow_http": "true",
}
