"""PFS's values as pfs_v2 messages, and back. For both ends of the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import (
    DEFAULT_PROJECT,
    Branch,
    BranchInfo,
    Commit,
    CommitInfo,
    CopyFile,
    DeleteFile,
    File,
    FileDiff,
    FileInfo,
    FileType,
    OriginKind,
    ProjectInfo,
    Repo,
    RepoInfo,
)

MAX_MESSAGE_BYTES = 20 * 1024 * 1024
"""pachd's limit, either way."""

CHUNK_BYTES = 1024 * 1024
"""How much of a file one message carries (`docs/decisions/0004-pieces-on-the-wire.md`)."""

USER_TYPE = "user"


def timestamp(time: datetime | None) -> Timestamp | None:
    """A time, exact to the microsecond."""
    if time is None:
        return None
    message = Timestamp()
    message.FromDatetime(time)
    return message


def optional_time(message: Timestamp) -> datetime | None:
    """A time that may not be set."""
    if not message.seconds and not message.nanos:
        return None
    return message.ToDatetime(tzinfo=UTC)


def time_of(message: Timestamp) -> datetime:
    """A time that is always set."""
    return message.ToDatetime(tzinfo=UTC)


def repo_message(repo: Repo) -> pfs_pb2.Repo:
    """A repo of users' data."""
    return pfs_pb2.Repo(name=repo.name, type=USER_TYPE, project=pfs_pb2.Project(name=repo.project))


def repo_of(message: pfs_pb2.Repo) -> Repo:
    """A repo; without a project it is in the default one."""
    return Repo(message.name, message.project.name or DEFAULT_PROJECT)


def branch_message(branch: Branch) -> pfs_pb2.Branch:
    """A branch."""
    return pfs_pb2.Branch(repo=repo_message(branch.repo), name=branch.name)


def branch_of(message: pfs_pb2.Branch) -> Branch:
    """A branch."""
    return Branch(repo_of(message.repo), message.name)


def head_message(branch: Branch) -> pfs_pb2.Commit:
    """Whatever commit is a branch's head when the message comes."""
    return pfs_pb2.Commit(branch=branch_message(branch), repo=repo_message(branch.repo))


def commit_message(commit: Commit) -> pfs_pb2.Commit:
    """A commit."""
    return pfs_pb2.Commit(repo=repo_message(commit.repo), id=commit.id)


def commit_on(commit: Commit, branch: str) -> pfs_pb2.Commit:
    """A commit with its branch's name, if that is known."""
    message = commit_message(commit)
    if branch:
        message.branch.CopyFrom(branch_message(Branch(commit.repo, branch)))
    return message


def commit_of(message: pfs_pb2.Commit) -> Commit:
    """A commit; clients name its repo or its branch's."""
    repo = message.repo if message.HasField("repo") else message.branch.repo
    return Commit(repo_of(repo), message.id)


def file_message(file: File) -> pfs_pb2.File:
    """A path in a commit."""
    return pfs_pb2.File(commit=commit_message(file.commit), path=file.path)


def file_of(message: pfs_pb2.File) -> File:
    """A path in a commit."""
    return File(commit_of(message.commit), message.path)


def project_info_message(info: ProjectInfo) -> pfs_pb2.ProjectInfo:
    """What PFS says of a project."""
    return pfs_pb2.ProjectInfo(
        project=pfs_pb2.Project(name=info.name),
        description=info.description,
        created_at=timestamp(info.created),
    )


def project_info_of(message: pfs_pb2.ProjectInfo) -> ProjectInfo:
    """What PFS says of a project."""
    return ProjectInfo(message.project.name, message.description, time_of(message.created_at))


def repo_info_message(info: RepoInfo) -> pfs_pb2.RepoInfo:
    """What PFS says of a repo."""
    size_bytes = info.size_bytes_upper_bound
    return pfs_pb2.RepoInfo(
        repo=repo_message(info.repo),
        created=timestamp(info.created),
        size_bytes_upper_bound=size_bytes,
        description=info.description,
        branches=map(branch_message, info.branches),
        details=pfs_pb2.RepoInfo.Details(size_bytes=size_bytes),
    )


def repo_info_of(message: pfs_pb2.RepoInfo) -> RepoInfo:
    """What PFS says of a repo."""
    return RepoInfo(
        repo_of(message.repo),
        time_of(message.created),
        _branches(message.branches),
        message.size_bytes_upper_bound,
        message.description,
    )


def branch_info_message(info: BranchInfo) -> pfs_pb2.BranchInfo:
    """What PFS says of a branch."""
    return pfs_pb2.BranchInfo(
        branch=branch_message(info.branch),
        head=commit_message(info.head),
        provenance=map(branch_message, info.provenance),
        subvenance=map(branch_message, info.subvenance),
        direct_provenance=map(branch_message, info.direct_provenance),
        created_at=timestamp(info.created),
    )


def branch_info_of(message: pfs_pb2.BranchInfo) -> BranchInfo:
    """What PFS says of a branch."""
    return BranchInfo(
        branch_of(message.branch),
        commit_of(message.head),
        optional_time(message.created_at),
        _branches(message.direct_provenance),
        _branches(message.provenance),
        _branches(message.subvenance),
    )


def commit_info_message(info: CommitInfo) -> pfs_pb2.CommitInfo:
    """What PFS says of a commit."""
    return pfs_pb2.CommitInfo(
        commit=commit_on(info.commit, info.branch),
        origin=pfs_pb2.CommitOrigin(kind=info.origin.value),  # type: ignore[arg-type]
        description=info.description,
        parent_commit=None if info.parent is None else commit_message(info.parent),
        started=timestamp(info.started),
        finishing=timestamp(info.finishing),
        finished=timestamp(info.finished),
        error=info.error,
        size_bytes_upper_bound=info.size_bytes,
        details=pfs_pb2.CommitInfo.Details(size_bytes=info.size_bytes),
    )


def commit_info_of(message: pfs_pb2.CommitInfo) -> CommitInfo:
    """What PFS says of a commit."""
    parent = message.parent_commit
    origin = OriginKind.USER if message.origin.kind == pfs_pb2.USER else OriginKind.AUTO
    return CommitInfo(
        commit_of(message.commit),
        origin,
        commit_of(parent) if message.HasField("parent_commit") else None,
        time_of(message.started),
        optional_time(message.finishing),
        optional_time(message.finished),
        message.error,
        message.details.size_bytes or message.size_bytes_upper_bound,
        message.description,
        message.commit.branch.name,
    )


def file_info_message(info: FileInfo, commit: pfs_pb2.Commit) -> pfs_pb2.FileInfo:
    """What PFS says of a file or directory in a commit."""
    return pfs_pb2.FileInfo(
        file=pfs_pb2.File(commit=commit, path=info.path, datum="default" if info.is_file else ""),
        file_type=info.file_type.value,  # type: ignore[arg-type]
        committed=timestamp(info.committed),
        size_bytes=info.size_bytes,
        hash=info.hash,
    )


def file_info_of(message: pfs_pb2.FileInfo) -> FileInfo:
    """What PFS says of a file or directory."""
    return FileInfo(
        message.file.path,
        FileType.DIR if message.file_type == pfs_pb2.DIR else FileType.FILE,
        optional_time(message.committed),
        message.size_bytes,
        message.hash,
    )


def file_diff_of(message: pfs_pb2.DiffFileResponse) -> FileDiff:
    """What differs at one path."""
    return FileDiff(
        file_info_of(message.new_file) if message.HasField("new_file") else None,
        file_info_of(message.old_file) if message.HasField("old_file") else None,
    )


def chunks_of(content: bytes) -> Iterable[bytes]:
    """A content in pieces that fit messages; an empty one is one empty piece."""
    if len(content) <= CHUNK_BYTES:
        return (content,)
    return (content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES))


def delete_file_message(change: DeleteFile) -> pfs_pb2.ModifyFileRequest:
    """A file to remove."""
    return pfs_pb2.ModifyFileRequest(delete_file=pfs_pb2.DeleteFile(path=change.path))


def copy_file_message(change: CopyFile) -> pfs_pb2.ModifyFileRequest:
    """A file to put in the place of another."""
    copy = pfs_pb2.CopyFile(dst=change.path, src=file_message(change.source), append=change.append)
    return pfs_pb2.ModifyFileRequest(copy_file=copy)


def _branches(messages: Sequence[pfs_pb2.Branch]) -> tuple[Branch, ...]:
    return tuple(map(branch_of, messages))
