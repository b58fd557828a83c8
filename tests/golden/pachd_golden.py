#!/usr/bin/env python3
"""Asks a pfs_v2 server 121 questions through the official SDK and compares the answers with a real pachd's.

    python pachd_golden.py HOST:PORT                 compare with pachd_golden.json; prints what differs, exit 1 if any
    python pachd_golden.py HOST:PORT --record FILE   write the answers instead

The SDK's pins clash with the project's; `make test` installs it into `.build/clients/pachyderm-sdk`.
Commit ids, file set ids and times are masked. Repos are named golden*; they are removed before and after.
"""
import json, re, sys
import grpc
from pachyderm_sdk import Client
from pachyderm_sdk.api import pfs

host, port = sys.argv[1].rsplit(":", 1)
client = Client(host=host, port=int(port))
api = client.pfs
answers = {}


def mask(text):
    text = re.sub(r"[0-9a-f]{32}\.[0-9a-f]{64}", "<fileset>", str(text))
    text = re.sub(r"\b[0-9a-f]{32}\b", "<id>", text)
    return re.sub(r"int_id=\d+|\bid=\d+", "id=<n>", text)


def ask(name, call):
    try:
        value = call()
        if hasattr(value, "__next__"):
            value = list(value)
        answers[name] = ["OK", json.loads(json.dumps(value, default=lambda v: type(v).__name__))]
    except grpc.RpcError as error:
        value = None
        answers[name] = [error.code().name, mask(error.details())]
    return value


def repo(name="golden"):
    return pfs.Repo(name=name, type="user", project=pfs.Project(name="default"))


def branch(name="master", of="golden"):
    return pfs.Branch(repo=repo(of), name=name)


def commit(id="", on="master", of="golden"):
    return pfs.Commit(repo=repo(of), branch=branch(on, of), id=id)


def file(path, id="", on="master", of="golden"):
    return pfs.File(commit=commit(id, on, of), path=path)


def add(path, data=None):
    return pfs.ModifyFileRequest(add_file=pfs.AddFile(path=path, raw=data))


def delete(path):
    return pfs.ModifyFileRequest(delete_file=pfs.DeleteFile(path=path))


def modify(*changes, on="master", of="golden", id=""):
    return api.modify_file(iter([pfs.ModifyFileRequest(set_commit=commit(id, on, of)), *changes])) and None


def read(path, offset=0, **where):
    return b"".join(m.value for m in api.get_file(file=file(path, **where), offset=offset)).decode("latin-1")


def info(path, **where):
    i = api.inspect_file(file=file(path, **where))
    return [i.file.path, i.file_type.name if hasattr(i.file_type, "name") else int(i.file_type), i.size_bytes, i.hash.hex()]


def paths(stream):
    return [i.file.path for i in stream]


def settle(on="master", of="golden"):
    head = api.inspect_branch(branch=branch(on, of)).head
    api.inspect_commit(commit=head, wait=pfs.CommitState.FINISHED)
    return head


def remove():
    for name in ("goldenout", "golden", "golden2"):
        try:
            api.delete_repo(repo=repo(name), force=True)
        except grpc.RpcError:
            pass


remove()
# repos and branches
ask("inspect_repo missing", lambda: api.inspect_repo(repo=repo()))
ask("delete_repo missing", lambda: api.delete_repo(repo=repo()).deleted)
ask("inspect_branch, repo missing", lambda: api.inspect_branch(branch=branch()))
ask("create_branch, repo missing", lambda: api.create_branch(branch=branch()) and None)
ask("modify_file, repo missing", lambda: modify(add("/a", b"1")))
ask("create_repo", lambda: api.create_repo(repo=repo()) and None)
ask("create_repo again", lambda: api.create_repo(repo=repo()) and None)
for bad in ("a b", "a.b", "a/b", "", "é"):
    ask(f"create_repo {bad!r}", lambda b=bad: api.create_repo(repo=repo(b)) and None)
ask("create_repo, project missing", lambda: api.create_repo(repo=pfs.Repo(name="golden", type="user", project=pfs.Project(name="nogolden"))) and None)
ask("list_branch, none", lambda: [b.branch.name for b in api.list_branch(repo=repo())])
ask("inspect_branch missing", lambda: api.inspect_branch(branch=branch()))
ask("list_file, branch missing", lambda: paths(api.list_file(file=file("/"))))
ask("get_file, branch missing", lambda: read("/a"))
ask("create_branch", lambda: api.create_branch(branch=branch()) and None)
ask("create_branch again", lambda: api.create_branch(branch=branch()) and None)
for bad in ("a b", "a.b", "a/b", "", "a^b", "é"):
    ask(f"create_branch {bad!r}", lambda b=bad: api.create_branch(branch=branch(b)) and None)
ask("delete_branch missing", lambda: api.delete_branch(branch=branch("nob")) and None)
ask("list_file on an empty head", lambda: paths(api.list_file(file=file("/"))))
ask("walk_file on an empty head", lambda: paths(api.walk_file(file=file("/"))))
ask("glob_file on an empty head", lambda: paths(api.glob_file(commit=commit(), pattern="**")))
ask("inspect_file / on an empty head", lambda: info("/"))
ask("get_file missing", lambda: read("/a"))
# writing
ask("add", lambda: modify(add("/a", b"one")))
ask("add again appends", lambda: modify(add("/a", b"two")) or read("/a"))
ask("delete and add in parts replaces", lambda: modify(delete("/a"), add("/a", b"A"), add("/a", b"B"), add("/a", b"C")) or read("/a"))
ask("its info", lambda: info("/a"))
ask("add then delete", lambda: modify(add("/gone", b"1"), delete("/gone")) or read("/gone"))
ask("delete a missing path", lambda: modify(delete("/nope")))
ask("add without a source", lambda: modify(add("/empty", b"")) or info("/empty"))
ask("no set_commit first", lambda: api.modify_file(iter([add("/x", b"1")])) and None)
for path in (".", "..", "a/../b", "a/./b", "a*b", "a?b", "a[b", "a{b}", "a!b", "a(b)", "a@b", "a+b", "a^b", "ünï", "a\tb", ""):
    ask(f"add path {path!r}", lambda p=path: modify(add(p, b"v")))
for path in ("noslash", "//dbl", "q//b", "r/b/", "a b", "a$b", "a#b", "a%20b", "a&b=c", "a:b", "a~b", ".hidden", "a...b"):
    ask(f"add path {path!r} and where it is", lambda p=path: modify(delete(p), add(p, b"v")) or info("/" + p.strip("/").replace("//", "/")))
ask("a bad path in the middle", lambda: modify(add("/m1", b"1"), add("/m*2", b"2"), add("/m3", b"3")))
ask("leaves nothing", lambda: read("/m1"))
# reading and ordering
modify(delete("/"), on="master")
settle()
names = ["a.txt", "a-b", "a/x", "a/y/z", "a0", "aB", "ab", "A", "B/c", "~", "_", "a b", "a#", "a%", "a,"]
modify(*[add("/" + n, n.encode()) for n in names])
settle()
ask("list /", lambda: paths(api.list_file(file=file("/"))))
ask("walk /", lambda: paths(api.walk_file(file=file("/"))))
ask("glob **", lambda: paths(api.glob_file(commit=commit(), pattern="**")))
ask("glob *", lambda: paths(api.glob_file(commit=commit(), pattern="*")))
ask("glob a**", lambda: paths(api.glob_file(commit=commit(), pattern="a**")))
ask("list, 3", lambda: paths(api.list_file(file=file("/"), number=3)))
for marker in ("/a#", "/a-a", "/a", "/a/", "/~"):
    ask(f"list, 3 after {marker}", lambda m=marker: paths(api.list_file(file=file("/"), number=3, pagination_marker=file(m))))
ask("list, 3, reverse", lambda: paths(api.list_file(file=file("/"), number=3, reverse=True)))
ask("list, reverse without number", lambda: paths(api.list_file(file=file("/"), reverse=True)))
ask("list, 100001", lambda: paths(api.list_file(file=file("/"), number=100001)))
ask("list a file", lambda: paths(api.list_file(file=file("/a/x"))))
ask("list a missing path", lambda: paths(api.list_file(file=file("/nope"))))
ask("walk, 4 after /a/x", lambda: paths(api.walk_file(file=file("/"), number=4, pagination_marker=file("/a/x"))))
ask("walk /a", lambda: paths(api.walk_file(file=file("/a"))))
ask("walk a file", lambda: paths(api.walk_file(file=file("/a/x"))))
ask("walk a missing path", lambda: paths(api.walk_file(file=file("/nope"))))
ask("inspect a directory", lambda: info("/a")[:3])
ask("inspect a directory with a slash", lambda: info("/a/")[:3])
ask("get a directory", lambda: read("/a"))
ask("get at an offset", lambda: read("/a.txt", offset=2))
ask("get at the end", lambda: read("/a.txt", offset=5))
ask("get beyond the end", lambda: read("/a.txt", offset=99))
ask("get a glob of many", lambda: read("/a*"))
ask("get a glob of one", lambda: read("/a[.]txt"))
ask("inspect a glob", lambda: info("/a*"))
# commits and file sets
head = settle()
ask("write to a finished commit", lambda: modify(add("/late", b"1"), id=head.id))
open_commit = api.start_commit(branch=branch())
ask("start_commit while head is open", lambda: api.start_commit(branch=branch()) and None)
ask("write into the open head", lambda: modify(add("/open", b"1")))
ask("read the open head", lambda: read("/open"))
ask("read its parent by id", lambda: read("/a.txt", id=head.id))
fileset = api.create_file_set(iter([add("/fs", b"from a file set")])).file_set_id
store = pfs.Commit(repo=pfs.Repo(name="__filesets__", type="user", project=pfs.Project(name="default")), id=fileset)
ask("inspect in a file set", lambda: (lambda i: [i.file.path, i.size_bytes, i.hash.hex()])(api.inspect_file(file=pfs.File(commit=store, path="/fs"))))
ask("add_file_set", lambda: api.add_file_set(commit=open_commit, file_set_id=fileset) and None)
ask("add_file_set, unknown id", lambda: api.add_file_set(commit=open_commit, file_set_id="nope") and None)
ask("finish_commit", lambda: api.finish_commit(commit=open_commit) and None)
ask("finish_commit again", lambda: api.finish_commit(commit=open_commit) and None)
ask("add_file_set to a finished commit", lambda: api.add_file_set(commit=open_commit, file_set_id=fileset) and None)
settle()
ask("what the commit holds", lambda: [read("/open"), read("/fs")])
ask("copy out of a file set in one stream", lambda: modify(delete("/copied"), pfs.ModifyFileRequest(copy_file=pfs.CopyFile(dst="/copied", src=pfs.File(commit=store, path="/fs")))) or read("/copied"))
ask("renew beyond the limit", lambda: api.renew_file_set(file_set_id=fileset, ttl_seconds=86400) and None)
# provenance
ask("create an output branch", lambda: (api.create_repo(repo=repo("goldenout")), api.create_branch(branch=branch(of="goldenout"), provenance=[branch()])) and None)
ask("delete_branch that feeds another", lambda: api.delete_branch(branch=branch()) and None)
ask("delete_repo that feeds another", lambda: api.delete_repo(repo=repo()).deleted)
ask("direct provenance of the output", lambda: [f"{b.repo.name}@{b.name}" for b in api.inspect_branch(branch=branch(of="goldenout")).direct_provenance])
ask("branches of the repo", lambda: sorted(b.name for b in api.inspect_repo(repo=repo()).branches))
ask("delete_repo, force", lambda: api.delete_repo(repo=repo("goldenout"), force=True).deleted)
ask("delete_branch", lambda: api.delete_branch(branch=branch()) and None)
ask("delete_repo", lambda: api.delete_repo(repo=repo()).deleted)
remove()

answers = json.loads(mask(json.dumps(answers)))
if "--record" in sys.argv:
    json.dump(answers, open(sys.argv[sys.argv.index("--record") + 1], "w"), indent=1, ensure_ascii=False)
    print(len(answers), "answers recorded")
else:
    import pathlib
    golden = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())
    differ = [n for n in golden if answers.get(n) != golden[n]]
    for n in differ:
        print(f"{n}\n   pachd:  {golden[n]}\n   server: {answers.get(n)}")
    print(len(golden) - len(differ), "of", len(golden), "answers agree")
    sys.exit(bool(differ))
