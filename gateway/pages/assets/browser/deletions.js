// Objects and folders go, after a question.

import {count} from "./dom.js";
import {askToDelete} from "./dialogs.js";
import {folderOf, nameOf} from "./places.js";

const AT_ONCE = 1000;

const isFolder = (key) => key.endsWith("/");

export async function removeAll(app, bucket, keys, whenDone) {
  const folders = keys.filter(isFolder);
  const what = keys.length > 1 ? count(keys.length, "item") : nameOf(keys[0]);
  const names = keys.map((key) => nameOf(key) + (isFolder(key) ? "/ and everything in it" : ""));
  const kept = app.can.versions ? "Their versions stay in the history, so you can restore them." : "Commits before this one stay in PFS, but nothing here can bring objects back from them.";
  if ((await askToDelete(what, names, kept)) === null) return;
  const files = keys.filter((key) => !isFolder(key));
  const label = keys.length > 1 ? `Delete ${what}` : `Delete ${names[0]}`;
  const run = (job) => remove(app.s3, bucket, {files, folders}, job);
  app.transfers.add([{label, unit: "object", run}], whenDone ?? (() => app.changed(bucket, folderOf(keys[0]))));
}

async function remove(s3, bucket, {files, folders}, job) {
  let removed = 0;
  const removeSome = async (keys) => {
    await s3.deleteMany(bucket, keys, job.signal);
    removed += keys.length;
    job.progress(removed);
  };
  for (let from = 0; from < files.length; from += AT_ONCE) await removeSome(files.slice(from, from + AT_ONCE));
  for (const folder of folders) for await (const keys of s3.keysBelow(bucket, folder, job.signal)) await removeSome(keys);
}
