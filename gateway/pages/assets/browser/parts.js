// What several screens are made of.

import {button, element, icon, link} from "./dom.js";
import {hrefOf, nameOf} from "./places.js";

const TYPING_MILLISECONDS = 250;

export function toolbar(...contents) {
  return element("div", {class: "toolbar"}, contents);
}

// A table that becomes a list where there is no room for columns. The roles are named, as some browsers forget them then.
export function table(caption, head, rows) {
  const title = ([name, kind = ""]) => element("th", {scope: "col", role: "columnheader", class: kind}, kind === "act" ? element("span", {class: "unseen"}, name) : name);
  const cell = (content, [, kind = ""]) => element("td", {role: "cell", class: kind}, content);
  const line = (cells) => element("tr", {role: "row"}, cells.map((content, index) => cell(content, head[index])));
  return element(
    "table",
    {class: "rows", role: "table"},
    element("caption", {class: "unseen"}, caption),
    element("thead", {role: "rowgroup"}, element("tr", {role: "row"}, head.map(title))),
    element("tbody", {role: "rowgroup"}, rows.map(line)),
  );
}

// S3 finds by how a name begins, and by nothing else: so this does.
export function searchField(label, place, app) {
  let timer;
  const search = (event) => {
    clearTimeout(timer);
    const prefix = event.target.value;
    timer = setTimeout(() => app.search({...place, token: undefined, prefix}), TYPING_MILLISECONDS);
  };
  const input = element("input", {type: "search", id: "search", placeholder: `${label} …`, value: place.prefix ?? "", autocomplete: "off", spellcheck: "false", input: search});
  return element("div", {class: "search"}, icon("search"), element("label", {for: "search", class: "unseen"}, label), input);
}

// The tokens of the pages before a page. One that was opened by its address knows only the first.
const before = new Map();

export function pager(place, next) {
  const {kind, ...rest} = place;
  if (next) before.set(next, place.token ?? "");
  if (!next && !place.token) return null;
  const isKnown = before.has(place.token);
  const back = place.token && link(hrefOf({...rest, token: before.get(place.token)}), isKnown ? "Previous page" : "First page");
  const forth = next && link(hrefOf({...rest, token: next}), "Next page");
  return element("nav", {class: "pager", "aria-label": "Pages"}, back, forth);
}

export function breadcrumbs({bucket, key = ""}) {
  const crumbs = [link(hrefOf({}), "Buckets")];
  if (bucket !== undefined) {
    const parts = key.split("/").filter(Boolean);
    const ends = parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}${index < parts.length - 1 || key.endsWith("/") ? "/" : ""}`);
    crumbs.push(link(hrefOf({bucket}), bucket), ...ends.map((end) => link(hrefOf({bucket, key: end}), nameOf(end))));
  }
  crumbs.at(-1).setAttribute("aria-current", "page");
  return element("nav", {class: "breadcrumbs", "aria-label": "Where you are"}, element("ol", {}, crumbs.map((crumb) => element("li", {}, crumb))));
}

export function views(place, names) {
  const current = place.view ?? names[0][0];
  const tabs = names.map(([view, label], index) =>
    element("a", {href: hrefOf({bucket: place.bucket, key: place.key, version: place.version, view: index ? view : undefined}), "aria-current": view === current ? "page" : null}, label),
  );
  return element("nav", {class: "views", "aria-label": "Views"}, tabs);
}

export function facts(pairs) {
  const given = pairs.filter(([, value]) => value);
  return element("dl", {class: "facts"}, given.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

export function copyable(text, label) {
  const copy = button("Copy", {kind: "small", iconName: "copy", "aria-label": `Copy: ${label}`, click: (event) => copied(text, event.currentTarget)});
  return element("div", {class: "copyable"}, element("pre", {tabindex: "0", "aria-label": label}, text), copy);
}

async function copied(text, pressed) {
  const label = pressed.lastChild;
  label.textContent = await write(text) ? "Copied" : "Select and copy by hand";
  setTimeout(() => (label.textContent = "Copy"), 2000);
}

// There is a clipboard on HTTPS and on this machine only.
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

