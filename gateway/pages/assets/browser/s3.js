// The operations of S3 that the page uses, as https://docs.aws.amazon.com/AmazonS3/latest/API/ has them.

import {Requests, Refused, all, encoded, textOf, xml} from "./requests.js";

export const PAGE_SIZE = 100;
const DELETED_AT_ONCE = 1000;

const decoded = (text) => decodeURIComponent((text ?? "").replaceAll("+", "%20"));

function fileOf(node) {
  return {
    key: decoded(textOf(node, "Key")),
    size: Number(textOf(node, "Size")),
    modified: new Date(textOf(node, "LastModified")),
    etag: textOf(node, "ETag"),
  };
}

function versionOf(node) {
  return {
    ...fileOf(node),
    id: textOf(node, "VersionId"),
    isLatest: textOf(node, "IsLatest") === "true",
    isMarker: node.localName === "DeleteMarker",
  };
}

const escaped = (text) => text.replace(/[&<>"\r]/g, (one) => `&#${one.charCodeAt(0)};`);

export class S3 {
  #requests;

  constructor(session) {
    this.#requests = new Requests(session);
  }

  async buckets({prefix, token, signal}) {
    const query = {prefix: prefix || undefined, "max-buckets": PAGE_SIZE, "continuation-token": token};
    const answer = await this.#requests.sendForXml("GET", {query, signal});
    const buckets = all(all(answer, "Buckets")[0], "Bucket");
    return {
      buckets: buckets.map((one) => ({name: textOf(one, "Name"), created: new Date(textOf(one, "CreationDate"))})),
      next: textOf(answer, "ContinuationToken"),
    };
  }

  async createBucket(bucket) {
    await this.#requests.send("PUT", {bucket});
  }

  async deleteBucket(bucket) {
    await this.#requests.send("DELETE", {bucket});
  }

  async list({bucket, prefix, token, delimiter, max = PAGE_SIZE, signal}) {
    const query = {
      "list-type": 2, prefix, delimiter, "max-keys": max, "continuation-token": token, "encoding-type": "url",
    };
    const answer = await this.#requests.sendForXml("GET", {bucket, query, signal});
    return {
      folders: all(answer, "CommonPrefixes").map((one) => decoded(textOf(one, "Prefix"))),
      files: all(answer, "Contents").map(fileOf),
      next: textOf(answer, "NextContinuationToken"),
    };
  }

  // Of all keys that begin with a key, the key itself is the first.
  async has(bucket, key, signal) {
    const {files} = await this.list({bucket, prefix: key, max: 1, signal});
    return files[0]?.key === key;
  }

  async head(bucket, key, versionId) {
    const {headers} = await this.#requests.send("HEAD", {bucket, key, query: {versionId}}).catch(sayWhatIsMissing);
    return {
      key,
      size: Number(headers.get("Content-Length")),
      modified: new Date(headers.get("Last-Modified")),
      etag: headers.get("ETag"),
      type: headers.get("Content-Type") ?? "",
      versionId: headers.get("x-amz-version-id"),
    };
  }

  // A range of no bytes is none that could be asked for: the end is the last byte's own position.
  async get(bucket, key, {versionId, first, last, signal} = {}) {
    const headers = first === undefined ? {} : {Range: `bytes=${first}-${last}`};
    return this.#requests.send("GET", {bucket, key, query: {versionId}, headers, signal});
  }

  async put(bucket, key, body, {signal, onProgress}) {
    await this.#requests.sendBody("PUT", {bucket, key, body, signal, onProgress});
  }

  async copy(bucket, key, versionId) {
    const source = `/${encoded(bucket)}/${key.split("/").map(encoded).join("/")}?versionId=${encoded(versionId)}`;
    const answer = await this.#requests.sendForXml("PUT", {bucket, key, headers: {"x-amz-copy-source": source}});
    throwErrorOf(answer);
  }

  async delete(bucket, key, versionId) {
    await this.#requests.send("DELETE", {bucket, key, query: {versionId}});
  }

  async deleteMany(bucket, keys, signal) {
    const objects = keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join("");
    const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
    const headers = {"Content-Type": "application/xml", ...(await checksumOf(body))};
    const query = {delete: ""};
    const answer = await this.#requests.sendForXml("POST", {bucket, query, body, headers, signal});
    const [error] = all(answer, "Error");
    if (error) throw new Refused(200, textOf(error, "Code"), `${textOf(error, "Key")}: ${textOf(error, "Message")}`);
  }

  // Every key below a prefix, so many at a time as one request can delete.
  async *keysBelow(bucket, prefix, signal) {
    for (let token; ; ) {
      const page = await this.list({bucket, prefix, token, max: DELETED_AT_ONCE, signal});
      if (page.files.length) yield page.files.map((file) => file.key);
      token = page.next;
      if (!token) return;
    }
  }

  async versions({bucket, prefix, delimiter, after, max = PAGE_SIZE, signal}) {
    const query = {
      versions: "", prefix, delimiter, "max-keys": max, "encoding-type": "url",
      "key-marker": after?.key, "version-id-marker": after?.id,
    };
    const answer = await this.#requests.sendForXml("GET", {bucket, query, signal});
    const isOne = (node) => node.localName === "Version" || node.localName === "DeleteMarker";
    const next = textOf(answer, "NextKeyMarker");
    return {
      versions: [...answer.children].filter(isOne).map(versionOf),
      next: next === undefined ? undefined : {key: decoded(next), id: textOf(answer, "NextVersionIdMarker")},
    };
  }

  async createUpload(bucket, key) {
    return textOf(await this.#requests.sendForXml("POST", {bucket, key, query: {uploads: ""}}), "UploadId");
  }

  async putPart(bucket, key, {uploadId, partNumber}, body, {signal, onProgress}) {
    const answer = await this.#requests.sendBody("PUT", {bucket, key, query: {partNumber, uploadId}, body, signal, onProgress});
    return answer.getResponseHeader("ETag");
  }

  async completeUpload(bucket, key, uploadId, etags) {
    const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`);
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join("")}</CompleteMultipartUpload>`;
    const headers = {"Content-Type": "application/xml"};
    const answer = await this.#requests.send("POST", {bucket, key, query: {uploadId}, body, headers});
    throwErrorOf(xml((await answer.text()).trim()).documentElement);
  }

  async abortUpload(bucket, key, uploadId) {
    await this.#requests.send("DELETE", {bucket, key, query: {uploadId}});
  }
}

// An answer to HEAD has no body that would say it.
function sayWhatIsMissing(error) {
  throw error.status === 404 ? new Refused(404, "NoSuchKey", "It may have been deleted, or its name may be another.") : error;
}

// S3 tells of what fails late in an answer that began as a success.
function throwErrorOf(answer) {
  if (answer.localName === "Error") throw new Refused(200, textOf(answer, "Code"), textOf(answer, "Message"));
}

// AWS demands a checksum here. Where a browser computes none, the gateway does without.
async function checksumOf(text) {
  if (!globalThis.crypto?.subtle) return {};
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return {"x-amz-checksum-sha256": btoa(String.fromCharCode(...new Uint8Array(digest)))};
}
