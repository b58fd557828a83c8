// The third screen: one object, as it is or as it was at a commit.

import {button, element, link, size, time} from "./dom.js";
import {linesFor} from "./connect.js";
import {removeAll} from "./deletions.js";
import {download} from "./downloads.js";
import {restoreButton, showHistory} from "./history.js";
import {facts, toolbar, views} from "./parts.js";
import {folderOf, go, hrefOf} from "./places.js";
import {preview} from "./previews.js";

export async function showObject(place, app) {
  const {bucket, key, version} = place;
  const names = [["object", "Object"], ...(app.can.versions ? [["history", "History"]] : []), ["connect", "Connect"]];
  const tabs = views(place, names);
  if (place.view === "connect") return [tabs, linesFor(place, app)];
  if (place.view === "history" && app.can.versions) return [tabs, ...(await showHistory(place, app))];
  const object = await app.s3.head(bucket, key, version);
  const shown = element("section", {class: "preview", "aria-label": "Preview", "aria-busy": "true"});
  const about = element("section", {class: "about", "aria-label": "Facts"}, facts(factsOf(object, place)));
  preview({...object, bucket, version}, app).then((made) => {
    shown.replaceChildren(made);
    shown.removeAttribute("aria-busy");
  });
  return [tabs, version && pastNotice(place, app), actions(object, place, app), element("div", {class: "object"}, shown, about)];
}

function actions(object, {bucket, key, version}, app) {
  const canDelete = app.can.has("DeleteObjects") && !version;
  const whenDone = () => go({bucket, key: folderOf(key)});
  return toolbar(
    element("div", {class: "actions"},
      download(app, {bucket, key, version, size: object.size}),
      version && restoreButton(app, {bucket, key, version, size: object.size}),
      canDelete && button("Delete", {kind: "danger", iconName: "delete", click: () => removeAll(app, bucket, [key], whenDone)}),
    ),
  );
}

function pastNotice({bucket, key, version}) {
  return element("p", {class: "past"}, "You see this object as it was at commit ", element("code", {}, version), ". ", link(hrefOf({bucket, key}), "See it as it is now"));
}

function factsOf(object, {bucket}) {
  return [
    ["Key", element("code", {}, object.key)],
    ["Bucket", element("code", {}, bucket)],
    ["Size", `${size(object.size)}${object.size >= 1024 ? ` (${object.size.toLocaleString("en")} bytes)` : ""}`],
    ["Last modified", time(object.modified)],
    ["Content type", object.type],
    ["ETag", element("code", {}, (object.etag ?? "").replaceAll('"', ""))],
    ["Commit", object.versionId && element("code", {}, object.versionId)],
  ];
}
