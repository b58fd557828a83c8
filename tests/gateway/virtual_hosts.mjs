// AWS's SDK for JavaScript as it comes, with the bucket in the Host. MODULES holds it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import http from "node:http";

const require = createRequire(process.env.MODULES + "/");
const { S3 } = require("@aws-sdk/client-s3");
const Bucket = process.env.BUCKET;

const hosts = new Set();
// Names below localhost are this machine's, and not every system resolves them.
const lookup = (host, options, done) => {
  hosts.add(host);
  if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
};

const s3 = new S3({
  endpoint: process.env.ENDPOINT,
  region: "us-east-1",
  credentials: { accessKeyId: "any", secretAccessKey: "anything" },
  requestHandler: { httpAgent: new http.Agent({ lookup }) },
});

await s3.createBucket({ Bucket });
await s3.putObject({ Bucket, Key: "a/b", Body: "hello" });
const got = await s3.getObject({ Bucket, Key: "a/b" });
assert.equal(await got.Body.transformToString(), "hello");
const listed = await s3.listObjectsV2({ Bucket });
assert.deepEqual(listed.Contents.map((one) => one.Key), ["a/b"]);
await s3.deleteObjects({ Bucket, Delete: { Objects: [{ Key: "a/b" }] } });
await assert.rejects(s3.getObject({ Bucket, Key: "a/b" }), { name: "NoSuchKey" });
await s3.deleteBucket({ Bucket });
assert.deepEqual([...hosts], [`${Bucket}.localhost`]);
