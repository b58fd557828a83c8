// minio-js, in the shape of the checklist.
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as minio from "minio";

import { bucket, endpoint, run } from "./checklist.mjs";

const { hostname, port } = new URL(endpoint);
const settings = { endPoint: hostname, port: Number(port), useSSL: false, accessKey: "any", secretKey: "anything" };
const client = new minio.Client({ ...settings, partSize: 5 * 1024 ** 3 });
const unset = new minio.Client(settings);

// All that a listing's stream gives.
const listed = (stream) => Array.fromAsync ? Array.fromAsync(stream) : gather(stream);

async function gather(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}

const names = (found) => found.map((one) => one.name ?? one.prefix);

await run({
  codeOf: (error) => error.code ?? error.name,
  makeBucket: (name) => client.makeBucket(name, "us-east-1"),
  bucketExists: (name) => client.bucketExists(name),
  buckets: async () => names(await client.listBuckets()),
  removeBucket: (name) => client.removeBucket(name),
  put: (key, content) => client.putObject(bucket, key, content),
  get: async (key) => buffer(await client.getObject(bucket, key)),
  stat: async (key) => {
    const found = await client.statObject(bucket, key);
    return { size: found.size, etag: `"${found.etag}"`, shown: JSON.stringify(found.metaData) };
  },
  getRange: async (key, first, last) => buffer(await client.getPartialObject(bucket, key, first, last - first + 1)),
  upload: (file, key) => client.fPutObject(bucket, key, file),
  download: (key, file) => client.fGetObject(bucket, key, file),
  delete: (key) => client.removeObject(bucket, key),
  deleteMany: (keys) => client.removeObjects(bucket, keys),
  presignedGet: (key) => client.presignedGetObject(bucket, key, 60),
  presignedPut: (key) => client.presignedPutObject(bucket, key, 60),
  putWithMetadata: (key, content, type, metadata) =>
    client.putObject(bucket, key, content, content.length, { "Content-Type": type, ...metadata }),
  keys: async (name) => names(await listed(client.listObjectsV2(name, "", true))),
  level: async (prefix) => names(await listed(client.listObjectsV2(bucket, prefix))),
  keysByVersion1: async () => names(await listed(client.listObjects(bucket, "", true))),
  // 64 MiB go in one PUT unless told otherwise, so it takes more to see one in parts.
  multipart: (key) => unset.putObject(bucket, key, Buffer.alloc(65 * 1024 * 1024)),
  stream: (key, content) => client.putObject(bucket, key, Readable.from([content])),
  copy: (source, target) => client.copyObject(bucket, target, `/${bucket}/${source}`),
  makePublic: () => client.setBucketPolicy(bucket, '{"Version": "2012-10-17", "Statement": []}'),
  tag: (key) => client.setObjectTagging(bucket, key, { colour: "blue" }),
  turnVersioningOn: () => client.setBucketVersioning(bucket, { Status: "Enabled" }),
  versions: async () => listed(client.listObjects(bucket, "", true, { IncludeVersion: true })),
});
