// The steps that every client is taken through, for clients in JavaScript.
//
// The steps, their order and their names are those of tests/clients/checklist.py. A client is an object with the
// methods used here; what it lacks is left out.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const MIB = 1024 * 1024;
const SPECIAL = "odd/a b%41&c'd~e=f;g#h$i,j:k.txt";
const SIZES = { "0 B": 0, "5 B": 5, "6 MiB": 6 * MIB, "20 MiB": 20 * MIB };

export const endpoint = process.env.ENDPOINT;
export const bucket = process.env.BUCKET;

export async function run(client) {
  const folder = await mkdtemp(path.join(tmpdir(), "client-"));
  const checklist = new Checklist(client, folder);
  try {
    await checklist.making();
    await checklist.objects();
    await checklist.listings();
    await checklist.conditions();
    await checklist.beyond();
    await checklist.removals();
  } finally {
    await rm(folder, { recursive: true });
  }
}

class Checklist {
  constructor(client, folder) {
    this.client = client;
    this.folder = folder;
    this.stored = [];
  }

  // A step is left out if the client has none of the methods that it needs.
  async step(name, needs, action) {
    if (needs.some((method) => !this.client[method])) return;
    const begun = performance.now();
    const line = { step: name, outcome: "works" };
    try {
      await action();
    } catch (error) {
      line.outcome = error instanceof assert.AssertionError ? "wrong" : this.client.codeOf(error);
      line.message = `${error.name}: ${error.message}`;
    }
    line.seconds = (performance.now() - begun) / 1000;
    console.log(JSON.stringify(line));
  }

  async making() {
    const { client } = this;
    await this.step("make a bucket", ["makeBucket"], () => client.makeBucket(bucket));
    await this.step("make it again", ["makeBucket"], () => client.makeBucket(bucket));
    await this.step("ask whether a bucket exists", ["bucketExists"], async () => {
      assert(await client.bucketExists(bucket));
      assert(!(await client.bucketExists("master.no-such-repo")));
    });
    await this.step("list buckets", ["buckets"], async () => assert((await client.buckets()).includes(bucket)));
    await this.step("ask for a bucket's location", ["location"], async () =>
      assert(["us-east-1", "", undefined].includes(await client.location(bucket))));
    await this.step("use a missing bucket", ["keys"], () => client.keys("master.no-such-repo"));
  }

  async holds(key, content) {
    assert((await this.client.get(key)).equals(content), "other bytes came back");
  }

  async objects() {
    const { client } = this;
    const roundTrip = async (key, size) => {
      const content = randomBytes(size);
      await client.put(key, content);
      this.stored.push(key);
      assert.equal((await client.stat(key)).size, size);
      await this.holds(key, content);
    };
    for (const [name, size] of Object.entries(SIZES)) {
      const key = name.replace(" ", "").toLowerCase();
      await this.step(`put and get ${name}`, ["put"], () => roundTrip(key, size));
    }
    await this.step("put and get special characters", ["put"], () => roundTrip(SPECIAL, 5));
    await this.step("upload and download a file", ["upload"], () => this.files());
    await this.step("get a range", ["getRange"], async () => {
      const content = randomBytes(100);
      await client.put("hundred", content);
      this.stored.push("hundred");
      assert((await client.getRange("hundred", 10, 19)).equals(content.subarray(10, 20)));
    });
    await this.step("get a missing key", ["get"], () => client.get("no-such-key"));
    await this.step("stat a missing key", ["stat"], () => client.stat("no-such-key"));
  }

  async files() {
    const [up, down] = ["up", "down"].map((name) => path.join(this.folder, name));
    await writeFile(up, randomBytes(20 * MIB));
    await this.client.upload(up, "file");
    this.stored.push("file");
    await this.client.download("file", down);
    assert((await readFile(up)).equals(await readFile(down)));
  }

  async listings() {
    const { client } = this;
    const expected = [...this.stored].sort();
    await this.step("list all", ["keys"], async () => assert.deepEqual(await client.keys(bucket), expected));
    await this.step("list one level", ["level"], async () => {
      const top = [...expected.filter((key) => key !== SPECIAL), "odd/"].sort();
      assert.deepEqual((await client.level("")).sort(), top);
      assert.deepEqual(await client.level("odd/"), [SPECIAL]);
    });
    await this.step("list in pages", ["keysInPages"], async () =>
      assert.deepEqual(await client.keysInPages(2), expected));
    await this.step("list by version 1", ["keysByVersion1"], async () =>
      assert.deepEqual(await client.keysByVersion1(), expected));
  }

  async refused(action) {
    await assert.rejects(action, (error) => this.client.codeOf(error) === "PreconditionFailed");
  }

  async conditions() {
    const { client } = this;
    await this.step("put if none is there", ["putIfNoneIsThere"], async () => {
      await client.putIfNoneIsThere("new", Buffer.from("first"));
      await this.refused(() => client.putIfNoneIsThere("new", Buffer.from("second")));
      await this.holds("new", Buffer.from("first"));
    });
    await this.step("put if unchanged", ["putIfUnchanged"], async () => {
      await client.put("same", Buffer.from("first"));
      const { etag } = await client.stat("same");
      await client.putIfUnchanged("same", Buffer.from("second"), etag);
      await this.refused(() => client.putIfUnchanged("same", Buffer.from("third"), etag));
      await this.holds("same", Buffer.from("second"));
    });
    await this.step("get if changed", ["getIfChanged"], async () => {
      const { etag } = await client.stat("hundred");
      assert.equal((await client.getIfChanged("hundred", etag)).length, 0);
      assert.equal((await client.getIfChanged("hundred", '"other-1"')).length, 100);
    });
    await this.step("put with checksums", ["putWithChecksums"], async () => {
      await client.putWithChecksums("sum", Buffer.from("hello"));
      await this.holds("sum", Buffer.from("hello"));
    });
    await this.step("put with metadata", ["putWithMetadata"], async () => {
      await client.putWithMetadata("meta.json", Buffer.from("{}"), "text/x-test", { colour: "blue" });
      const { shown } = await client.stat("meta.json");
      assert(!shown.includes("blue") && !shown.includes("text/x-test"), shown);
    });
    await this.step("presign a GET", ["presignedGet"], async () => {
      const answer = await fetch(await client.presignedGet(SPECIAL));
      await this.holds(SPECIAL, Buffer.from(await answer.arrayBuffer()));
    });
    await this.step("presign a PUT", ["presignedPut"], async () => {
      const answer = await fetch(await client.presignedPut("presigned"), { method: "PUT", body: "hello" });
      assert.equal(answer.status, 200);
      await this.holds("presigned", Buffer.from("hello"));
    });
  }

  async beyond() {
    const { client } = this;
    const steps = {
      "put a key that PFS cannot hold": ["put", () => client.put("a*b", Buffer.from("hello"))],
      "multipart upload": ["multipart", () => client.multipart("multi")],
      "stream of unknown size": ["stream", () => client.stream("stream", Buffer.from("hello"))],
      copy: ["copy", () => client.copy("hundred", "copied")],
      "make public": ["makePublic", () => client.makePublic("hundred")],
      tag: ["tag", () => client.tag("hundred")],
      "turn versioning on": ["turnVersioningOn", () => client.turnVersioningOn()],
      "list versions": ["versions", () => client.versions()],
    };
    for (const [name, [needs, action]] of Object.entries(steps)) await this.step(name, [needs], action);
  }

  async removals() {
    const { client } = this;
    await this.step("remove a bucket with objects", ["removeBucket"], () => client.removeBucket(bucket));
    await this.step("delete", ["delete"], async () => {
      await client.delete("5b");
      assert(!(await client.keys(bucket)).includes("5b"));
    });
    await this.step("delete many", ["deleteMany"], async () => {
      await client.deleteMany([...(await client.keys(bucket)), "missing"]);
      assert.deepEqual(await client.keys(bucket), []);
    });
    await this.step("remove a bucket", ["removeBucket"], () => client.removeBucket(bucket));
  }
}
