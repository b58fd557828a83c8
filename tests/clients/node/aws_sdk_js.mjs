// AWS's SDK for JavaScript, version 3, in the shape of the checklist.
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import * as aws from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

import { bucket, endpoint, run } from "./checklist.mjs";

const MIB = 1024 * 1024;
const CHECKSUMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];

const s3 = new aws.S3({
  endpoint,
  region: "us-east-1",
  forcePathStyle: true,
  credentials: { accessKeyId: "any", secretAccessKey: "anything" },
});

const at = (Key, more) => ({ Bucket: bucket, Key, ...more });
const bytes = async (answer) => buffer(answer.Body);
const keysOf = (page) => (page.Contents ?? []).map((one) => one.Key);

async function pages(found) {
  const keys = [];
  for await (const page of found) keys.push(...keysOf(page));
  return keys;
}

await run({
  codeOf: (error) => error.name,
  makeBucket: (Bucket) => s3.createBucket({ Bucket }),
  bucketExists: async (Bucket) => {
    try {
      await s3.headBucket({ Bucket });
      return true;
    } catch (error) {
      if (error.name === "NotFound") return false;
      throw error;
    }
  },
  buckets: async () => (await s3.listBuckets({})).Buckets.map((one) => one.Name),
  location: async (Bucket) => (await s3.getBucketLocation({ Bucket })).LocationConstraint,
  removeBucket: (Bucket) => s3.deleteBucket({ Bucket }),
  put: (key, Body) => s3.putObject(at(key, { Body })),
  get: async (key) => bytes(await s3.getObject(at(key))),
  stat: async (key) => {
    const found = await s3.headObject(at(key));
    return { size: found.ContentLength, etag: found.ETag, shown: JSON.stringify(found) };
  },
  getRange: async (key, first, last) => bytes(await s3.getObject(at(key, { Range: `bytes=${first}-${last}` }))),
  upload: (file, key) => s3.putObject(at(key, { Body: createReadStream(file) })),
  download: async (key, file) => pipeline((await s3.getObject(at(key))).Body, createWriteStream(file)),
  delete: (key) => s3.deleteObject(at(key)),
  deleteMany: async (keys) => {
    const Delete = { Objects: keys.map((Key) => ({ Key })) };
    const answer = await s3.deleteObjects({ Bucket: bucket, Delete });
    if (answer.Errors) throw new Error(answer.Errors[0].Message);
  },
  presignedGet: (key) => getSignedUrl(s3, new aws.GetObjectCommand(at(key)), { expiresIn: 60 }),
  presignedPut: (key) => getSignedUrl(s3, new aws.PutObjectCommand(at(key)), { expiresIn: 60 }),
  putIfNoneIsThere: (key, Body) => s3.putObject(at(key, { Body, IfNoneMatch: "*" })),
  putIfUnchanged: (key, Body, etag) => s3.putObject(at(key, { Body, IfMatch: etag })),
  getIfChanged: async (key, etag) => {
    try {
      return await bytes(await s3.getObject(at(key, { IfNoneMatch: etag })));
    } catch (error) {
      if (error.$metadata?.httpStatusCode === 304) return Buffer.alloc(0);
      throw error;
    }
  },
  // As a header from memory, in the trailer from a stream.
  putWithChecksums: async (key, content) => {
    for (const ChecksumAlgorithm of CHECKSUMS) {
      await s3.putObject(at(key, { Body: content, ChecksumAlgorithm }));
      const Body = Readable.from([content]);
      await s3.putObject(at(key, { Body, ContentLength: content.length, ChecksumAlgorithm }));
    }
  },
  putWithMetadata: (key, Body, ContentType, Metadata) => s3.putObject(at(key, { Body, ContentType, Metadata })),
  keys: async (Bucket) => pages(aws.paginateListObjectsV2({ client: s3 }, { Bucket })),
  level: async (Prefix) => {
    const found = await s3.listObjectsV2({ Bucket: bucket, Prefix, Delimiter: "/" });
    return [...keysOf(found), ...(found.CommonPrefixes ?? []).map((one) => one.Prefix)];
  },
  keysInPages: async (pageSize) => pages(aws.paginateListObjectsV2({ client: s3, pageSize }, { Bucket: bucket })),
  keysByVersion1: async () => keysOf(await s3.listObjects({ Bucket: bucket })),
  multipart: (key) => new Upload({ client: s3, params: at(key, { Body: Buffer.alloc(20 * MIB) }) }).done(),
  // What fits into one part is one PUT.
  stream: (key, content) =>
    new Upload({ client: s3, params: at(key, { Body: Readable.from([content]) }), partSize: 64 * MIB }).done(),
  copy: (source, target) => s3.copyObject(at(target, { CopySource: `${bucket}/${source}` })),
  makePublic: (key) => s3.putObjectAcl(at(key, { ACL: "public-read" })),
  tag: (key) => s3.putObjectTagging(at(key, { Tagging: { TagSet: [{ Key: "colour", Value: "blue" }] } })),
  turnVersioningOn: () =>
    s3.putBucketVersioning({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
  versions: () => s3.listObjectVersions({ Bucket: bucket }),
});
