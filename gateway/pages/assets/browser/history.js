// What was there before: the versions of an object, or of what is in a folder. Each version is a commit of PFS, and what one commit changed stands together.

import {button, count, element, icon, link, size, time} from "./dom.js";
import {table} from "./parts.js";
import {hrefOf, nameOf} from "./places.js";
import {notice} from "./states.js";

// Without copies in the gateway an object is restored through this page.
const MOST_THROUGH_HERE = 256 * 1024 ** 2;

export async function showHistory(place, app) {
  const shown = element("div", {class: "history"});
  await more(shown, place, undefined, app);
  if (shown.children.length > 0) return [shown];
  return [notice("history", "There is no history yet", "Nothing was written here so far.")];
}

async function more(shown, place, after, app) {
  const {bucket, key, kind} = place;
  const delimiter = kind === "folder" ? "/" : undefined;
  const {versions, next} = await app.s3.versions({bucket, prefix: key, delimiter, after, signal: app.signal});
  // Keys that only begin with an object's key come behind it.
  const ours = versions.filter((one) => kind === "folder" || one.key === key);
  const goesOn = next && (kind === "folder" || ours.length === versions.length);
  shown.append(...byCommit(ours).map((commit) => section(commit, place, app)));
  if (goesOn) shown.append(button("Show more", {click: ({currentTarget}) => {
    currentTarget.remove();
    more(shown, place, next, app).catch((error) => shown.append(element("p", {class: "form-problem", role: "alert"}, error.message)));
  }}));
}

export function byCommit(versions) {
  const commits = new Map();
  for (const one of versions) {
    const commit = commits.get(one.id) ?? {id: one.id, when: one.modified, changes: []};
    commit.changes.push(one);
    commits.set(one.id, commit);
  }
  return [...commits.values()].sort((a, b) => b.when - a.when);
}

function section({id, when, changes}, place, app) {
  const title = element("h2", {}, icon("commit"), "Commit ", element("code", {title: id}, id.slice(0, 12)));
  const told = element("p", {class: "when"}, time(when), ` · ${count(changes.length, "change")}`);
  const head = [["Change", "main"], ["Size", "number"], ["Actions", "act"]];
  return element("section", {}, title, told, table(`Changes in commit ${id}`, head, changes.map((one) => line(one, place, app))));
}

function line(version, {bucket}, app) {
  const {key, id, isMarker, isLatest} = version;
  const name = element("span", {class: "name"}, nameOf(key));
  if (isMarker) {
    const undelete = isLatest && app.can.undeletes && button("Bring back", {kind: "small", iconName: "history", "aria-label": `Bring back ${nameOf(key)}`, click: (event) => act(event, app, () => app.s3.delete(bucket, key, id), `${key} is back.`)});
    return [element("span", {class: "change"}, icon("delete"), name, " was deleted"), "", undelete];
  }
  const current = isLatest && element("span", {class: "badge"}, "current");
  const at = link(hrefOf({bucket, key, version: id}), icon("file"), name);
  return [element("span", {class: "change"}, at, current), size(version.size), !isLatest && restoreButton(app, {bucket, key, version: id, size: version.size, kind: "small"})];
}

export function restoreButton(app, {bucket, key, version, size: bytes, kind = ""}) {
  if (!app.can.has("PutObject") || (!app.can.copies && bytes > MOST_THROUGH_HERE)) return null;
  const restore = () => (app.can.copies ? app.s3.copy(bucket, key, version) : throughHere(app.s3, {bucket, key, version}));
  return button("Restore", {kind, iconName: "history", "aria-label": `Restore ${nameOf(key)} as it was at commit ${version.slice(0, 12)}`, click: (event) => act(event, app, restore, `${key} is restored, in a new commit.`)});
}

async function throughHere(s3, {bucket, key, version}) {
  const body = await (await s3.get(bucket, key, {versionId: version})).blob();
  await s3.put(bucket, key, body, {signal: new AbortController().signal, onProgress: () => null});
}

async function act({currentTarget}, app, work, done) {
  currentTarget.disabled = true;
  try {
    await work();
    app.say(done);
    app.refresh();
  } catch (error) {
    app.say(`That did not work: ${error.message}`);
    currentTarget.disabled = false;
  }
}
