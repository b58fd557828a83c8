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
    # not measured: taken to be like their neighbours
    "GetFileTAR": 16,
    "ListCommit": 3.5,
    "SubscribeCommit": 3.5,
    "DropCommit": 23,
    "DeleteBranch": 52,
    "DeleteRepo": 52,
    "CreateProject": 10,
    "DeleteProject": 10,
    "ListProject": 4,
    "ComposeFileSet": 12,
}
OTHER_CALL_MS = 2.0
ENTRY_MS = {"ListFile": 0.065, "WalkFile": 0.065, "GlobFile": 0.065, "ListRepo": 8}
"""What a call takes for each thing that it returns."""

CHANGE_MS = {"add_file": 0.1, "delete_file": 0.06, "copy_file": 6.7}
"""What ModifyFile takes for each message: 100 files 51 ms, 64 file sets 469, 1000 deletes 102."""

MODIFY_OPEN_COMMIT_MS = 17.0
FILE_SET_READ_MS = {"GetFile": 3.2, "InspectFile": 4}
FINISHING_MS = 180.0
SERVED_AT_ONCE = 2
