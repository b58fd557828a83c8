// Files become objects: each after a look whether one is there, with its bar, and in parts where the gateway takes parts.

import {askToReplace} from "./dialogs.js";
import {withRetries} from "./requests.js";
import {SKIPPED} from "./transfers.js";

const MIB = 1024 ** 2;
// What a broken connection costs is sent again: one part, and never more of a file.
const PART = 16 * MIB;
const MOST_PARTS = 10000;
const PARTS_AT_ONCE = 3;

export function upload(app, {bucket, key: folder}, files) {
  const question = new Question(app);
  const jobs = files.map(({path, file}) => ({
    label: path,
    total: file.size,
    run: (job) => store(app, {bucket, key: folder + path, file, question}, job),
  }));
  app.transfers.add(jobs, () => app.changed(bucket, folder));
}

async function store(app, {bucket, key, file, question}, job) {
  if (await withRetries(() => app.s3.has(bucket, key, job.signal), job.signal)) {
    if ((await question.about(key)) !== "replace") return SKIPPED;
  }
  if (app.can.multipart && file.size > PART) return inParts(app.s3, {bucket, key, file}, job);
  const onProgress = (sent) => job.progress(sent);
  return withRetries(() => app.s3.put(bucket, key, file, {signal: job.signal, onProgress}), job.signal);
}

// One question at a time, and none once it was answered for all.
class Question {
  #app;
  #last = Promise.resolve();
  #forAll = null;

  constructor(app) {
    this.#app = app;
  }

  about(key) {
    this.#last = this.#last.then(async () => {
      if (this.#forAll !== null) return this.#forAll;
      const {choice, forAll} = await askToReplace(key, this.#app.can.versions);
      if (forAll) this.#forAll = choice;
      return choice;
    });
    return this.#last;
  }
}

async function inParts(s3, {bucket, key, file}, job) {
  const uploadId = await s3.createUpload(bucket, key);
  try {
    const etags = await partsOf(s3, {bucket, key, file, uploadId}, job);
    await s3.completeUpload(bucket, key, uploadId, etags);
  } catch (error) {
    // What is left of it would fill the disk. If this fails as well, the gateway ends the upload when it is old.
    await s3.abortUpload(bucket, key, uploadId).catch(() => null);
    throw error;
  }
}

async function partsOf(s3, {bucket, key, file, uploadId}, job) {
  const length = Math.max(PART, Math.ceil(file.size / MOST_PARTS / MIB) * MIB);
  const number = Math.ceil(file.size / length);
  const etags = Array(number);
  const sent = Array(number).fill(0);
  let next = 0;
  const work = async () => {
    while (next < number) {
      const index = next++;
      const body = file.slice(index * length, (index + 1) * length);
      const onProgress = (loaded) => {
        sent[index] = loaded;
        job.progress(sent.reduce((sum, one) => sum + one, 0));
      };
      const put = () => s3.putPart(bucket, key, {uploadId, partNumber: index + 1}, body, {signal: job.signal, onProgress});
      etags[index] = await withRetries(put, job.signal);
    }
  };
  await Promise.all(Array.from({length: PARTS_AT_ONCE}, work));
  return etags;
}
