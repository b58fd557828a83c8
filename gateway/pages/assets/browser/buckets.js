// The first screen: all buckets, a page at a time.

import {button, element, icon, iconButton, link, time} from "./dom.js";
import {askForBucket, askToDeleteBucket} from "./dialogs.js";
import {pager, searchField, table, toolbar} from "./parts.js";
import {go, hrefOf} from "./places.js";
import {notice} from "./states.js";

export async function showBuckets(place, app) {
  const {buckets, next} = await app.s3.buckets({prefix: place.prefix, token: place.token, signal: app.signal});
  const canCreate = app.can.has("CreateBucket");
  const create = () => canCreate && button("New bucket", {kind: "primary", iconName: "plus", click: () => newBucket(app)});
  const search = searchField("Buckets whose names begin with", place, app);
  if (buckets.length === 0) return [toolbar(search), nothing(place, create())];
  return [toolbar(search, create()), rows(buckets, app), pager(place, next)];
}

function nothing(place, create) {
  if (place.prefix) return notice("empty", "No bucket begins so", `There is no bucket whose name begins with ${place.prefix}.`, link(hrefOf({}), "All buckets"));
  const text = "A bucket is a branch of a repo in PFS. Create one here, or with any S3 client.";
  return notice("bucket", "There are no buckets yet", text, create);
}

function rows(buckets, app) {
  const canDelete = app.can.has("DeleteBucket");
  const head = [["Bucket", "main"], ["Created", "when"], ...(canDelete ? [["Actions", "act"]] : [])];
  return table("Buckets", head, buckets.map(({name, created}) => [
    link(hrefOf({bucket: name}), icon("bucket"), element("span", {class: "name"}, name)),
    time(created),
    canDelete && iconButton(`Delete the bucket ${name}`, "delete", {click: () => removeBucket(name, app)}),
  ]));
}

async function newBucket(app) {
  const made = await askForBucket((bucket) => app.s3.createBucket(bucket));
  if (made !== null) go({bucket: made.bucket});
}

async function removeBucket(bucket, app) {
  const done = await askToDeleteBucket(bucket, () => app.s3.deleteBucket(bucket));
  if (done === null) return;
  app.say(`The bucket ${bucket} is deleted.`);
  app.refresh();
}
