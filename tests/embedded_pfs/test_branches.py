"""Branches of the embedded PFS that are given another head, or are computed from others."""

from __future__ import annotations

import pytest

from embedded_pfs.branch_rows import find_branch
from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import PfsFailure
from pfs_client.values import Branch, Repo
from tests.embedded_pfs.conftest import BRANCH
from tests.pfs_contract.reading import head_of, put, read


@pytest.fixture
async def pfs(pfs: EmbeddedPfs) -> EmbeddedPfs:
    for content in (b"1", b"2"):
        await put(pfs, BRANCH, "/a", content)
    return pfs


async def test_a_branch_is_given_another_head(pfs: EmbeddedPfs) -> None:
    newest = await head_of(pfs, BRANCH)
    older = (await pfs.inspect_commit(newest)).parent
    assert older is not None
    await pfs.create_branch(BRANCH, head=older)
    assert await head_of(pfs, BRANCH) == older
    await put(pfs, BRANCH, "/b", b"3")
    head = await head_of(pfs, BRANCH)
    assert (await pfs.inspect_commit(head)).parent == older
    assert await read(pfs, head, "/a") == b"1"
    assert await read(pfs, newest, "/a") == b"2"
    await pfs.create_branch(BRANCH, head=newest)
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == b"2"


async def test_the_head_that_a_branch_has_moves_nothing(pfs: EmbeddedPfs) -> None:
    before = pfs.engine.look_up(find_branch, BRANCH)
    await pfs.create_branch(BRANCH, head=await head_of(pfs, BRANCH))
    assert pfs.engine.look_up(find_branch, BRANCH) == before


@pytest.mark.parametrize("number", [1000, -1000])
async def test_branches_feed_those_of_other_repos_whichever_was_made_first(
    pfs: EmbeddedPfs, number: int
) -> None:
    pfs.engine.writing.execute("INSERT INTO repo VALUES (?, 1, 'other', '', 1)", (number,))
    source, output = Branch(Repo("other"), "in"), Branch(Repo("other"), "out")
    await pfs.create_branch(source)
    with pytest.raises(PfsFailure, match="cannot be in the provenance"):
        await pfs.create_branch(output, provenance=[source])
    await pfs.create_branch(BRANCH, provenance=[source])
    assert (await pfs.inspect_branch(BRANCH)).direct_provenance == (source,)
