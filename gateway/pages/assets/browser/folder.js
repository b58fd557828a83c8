// The second screen: what is in a bucket or a folder, a page at a time.

import {button, count, element, icon, link, size, time} from "./dom.js";
import {linesFor} from "./connect.js";
import {removeAll} from "./deletions.js";
import {showHistory} from "./history.js";
import {pager, searchField, table, toolbar, views} from "./parts.js";
import {hrefOf, nameOf} from "./places.js";
import {chosenFiles, droppedFiles} from "./sources.js";
import {notice} from "./states.js";
import {upload} from "./uploads.js";

export async function showFolder(place, app) {
  const names = [["objects", "Objects"], ...(app.can.versions ? [["history", "History"]] : []), ["connect", "Connect"]];
  const tabs = views(place, names);
  if (place.view === "connect") return [tabs, linesFor(place, app)];
  if (place.view === "history" && app.can.versions) return [tabs, ...(await showHistory(place, app))];
  return [tabs, ...(await objects(place, app))];
}

async function objects(place, app) {
  const {bucket, key} = place;
  const prefix = key + (place.prefix ?? "");
  const page = await app.s3.list({bucket, prefix, token: place.token, delimiter: "/", signal: app.signal});
  const chosen = new Set();
  const selection = selectionBar(chosen, place, app);
  const search = searchField("Names that begin with", place, app);
  const isEmpty = page.folders.length + page.files.length === 0;
  const bar = toolbar(search, app.can.has("PutObject") && uploadButtons(place, app));
  const shown = isEmpty ? nothing(place, app) : rows(page, place, {chosen, app, changed: selection.update});
  return [dropTarget(place, app, bar, selection.bar, shown, pager(place, page.next))];
}

function nothing(place, app) {
  const all = link(hrefOf({bucket: place.bucket, key: place.key}), "Show everything here");
  if (place.prefix) return notice("empty", "Nothing begins so", `No name here begins with ${place.prefix}. S3 finds names by their beginning only.`, all);
  if (!app.can.has("PutObject")) return notice("empty", "There is nothing here", "No object is in this place.");
  return notice("upload", "There is nothing here yet", "Drop files or folders here, or choose them with the buttons above.");
}

function rows({folders, files}, place, {chosen, app, changed}) {
  const canDelete = app.can.has("DeleteObjects");
  const boxes = [];
  const choose = (key, box) => {
    if (box.checked) chosen.add(key);
    else chosen.delete(key);
    changed();
  };
  const box = (key) => {
    boxes.push(element("input", {type: "checkbox", "aria-label": `Choose ${nameOf(key)}`, change: (event) => choose(key, event.target)}));
    return boxes.at(-1);
  };
  const everything = element("input", {
    type: "checkbox",
    "aria-label": "Choose all on this page",
    change: ({target}) => boxes.filter((one) => one.checked !== target.checked).forEach((one) => one.click()),
  });
  const line = (key, name, ...rest) => [...(canDelete ? [box(key)] : []), link(hrefOf({bucket: place.bucket, key}), ...name), ...rest];
  const ofFolder = (key) => line(key, [icon("folder"), element("span", {class: "name"}, `${nameOf(key)}/`)], "", "");
  const ofFile = (file) => line(file.key, [icon("file"), element("span", {class: "name"}, nameOf(file.key))], size(file.size), time(file.modified));
  const head = [...(canDelete ? [[everything, "choose"]] : []), ["Name", "main"], ["Size", "number"], ["Last modified", "when"]];
  return table("Objects", head, [...folders.map(ofFolder), ...files.map(ofFile)]);
}

function selectionBar(chosen, place, app) {
  const text = element("span", {role: "status"});
  const remove = button("Delete", {kind: "danger", iconName: "delete", click: () => removeAll(app, place.bucket, [...chosen])});
  const bar = element("div", {class: "selection", hidden: true}, text, remove);
  const update = () => {
    bar.hidden = chosen.size === 0;
    text.textContent = `${count(chosen.size, "item")} chosen`;
  };
  return {bar, update};
}

function uploadButtons(place, app) {
  const chooser = (label, attributes) => {
    const input = element("input", {
      type: "file",
      multiple: true,
      hidden: true,
      ...attributes,
      change: ({target}) => {
        upload(app, place, chosenFiles(target.files));
        target.value = "";
      },
    });
    return [button(label, {iconName: "upload", kind: attributes.kind, click: () => input.click()}), input];
  };
  return element(
    "div",
    {class: "actions"},
    chooser("Upload files", {id: "files", kind: "primary"}),
    chooser("Upload folder", {id: "folder", webkitdirectory: true}),
  );
}

function dropTarget(place, app, ...contents) {
  if (!app.can.has("PutObject")) return element("div", {}, contents);
  const hint = element("p", {class: "drop-hint"}, `Drop to upload to ${place.bucket}/${place.key}`);
  const target = element("div", {class: "drop-target"}, contents, hint);
  const over = (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    target.classList.add("dropping");
  };
  const out = (event) => target.contains(event.relatedTarget) || target.classList.remove("dropping");
  target.addEventListener("dragenter", over);
  target.addEventListener("dragover", over);
  target.addEventListener("dragleave", out);
  target.addEventListener("drop", async (event) => {
    event.preventDefault();
    target.classList.remove("dropping");
    upload(app, place, await droppedFiles(event.dataTransfer));
  });
  return target;
}
