"""What pachd's calls take: the medians of a quiet machine with two cores.

From `docs/pachd.md`, "Latency" and "How fast commits finish". They come on top of what the PFS
takes itself; bytes, and what stands below a directory, cost nothing here.
"""

from __future__ import annotations

CALL_MS = {
    # measured
    "InspectBranch": 3.5,
    "ListBranch": 4,
    "CreateBranch": 52,
    "InspectCommit": 3.5,
    "StartCommit": 23,
    "FinishCommit": 8,
    "InspectRepo": 2,
    "CreateRepo": 10,
    "ListRepo": 0,
    "ModifyFile": 41,
    "CreateFileSet": 7,
    "AddFileSet": 12,
    "RenewFileSet": 2,
    "GetFile": 16,
    "InspectFile": 12,
    "ListFile": 15,
    "WalkFile": 15,
    "GlobFile": 15,
    "ListCommit": 50,
    "FindCommits": 0,
    "DiffFile": 50,
    "GetFileSet": 20,
    "ComposeFileSet": 3,
    "SquashCommit": 28,
    "DropCommit": 28,
    "DeleteBranch": 52,
    "DeleteRepo": 30,
    "Authorize": 2.4,
    # not measured: taken to be like their neighbours
    "GetFileTAR": 16,
    "WhoAmI": 2,
    "SubscribeCommit": 3.5,
    "CreateProject": 10,
    "DeleteProject": 10,
    "ListProject": 4,
}
OTHER_CALL_MS = 2.0
ENTRY_MS = {
    "ListFile": 0.065,
    "WalkFile": 0.065,
    "GlobFile": 0.065,
    "DiffFile": 0.065,
    "ListRepo": 8,
    "ListCommit": 10.7,
}
"""What a call takes for each thing that it returns."""

CHANGE_MS = {"add_file": 0.1, "delete_file": 0.06, "copy_file": 6.7}
"""What ModifyFile takes for each message: 100 files 51 ms, 64 file sets 469, 1000 deletes 102."""

MODIFY_OPEN_COMMIT_MS = 17.0
FILE_SET_READ_MS = {"GetFile": 3.2, "InspectFile": 4, "ListFile": 3, "WalkFile": 3}
SEARCHED_COMMIT_MS = 9.0
"""What FindCommits takes for each commit that it passes."""

DELETED_COMMIT_MS = 18.0
DIFFED_FILE_MS = 0.0125
"""What DiffFile takes for each file of the newer commit, whatever differs."""

COMPOSED_SET_MS = 0.4
READ_COMPOSED_SET_MS = 4.0
"""What it takes to read or to copy a composed file, for each set that it is composed of."""

FILE_SET_FILE_MS = 0.25
FILE_SET_COPY_MS = 68.0
FINISHING_MS = 180.0
SERVED_AT_ONCE = 2
