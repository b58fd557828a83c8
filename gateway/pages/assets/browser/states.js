// What stands in the place of data: while it is on its way, when there is none, and when it cannot be had.

import {button, element, icon, link} from "./dom.js";
import {folderOf, hrefOf} from "./places.js";
import {Away} from "./requests.js";

export function loading(what) {
  const bars = Array.from({length: 5}, () => element("div", {class: "skeleton"}));
  return element("div", {class: "loading", role: "status"}, element("span", {class: "unseen"}, `Loading ${what}…`), bars);
}

export function notice(iconName, title, text, ...actions) {
  return element(
    "div",
    {class: "notice"},
    icon(iconName),
    element("h2", {}, title),
    element("p", {}, text),
    actions.length > 0 && element("div", {class: "actions"}, actions),
  );
}

const GONE = {NoSuchBucket: "There is no such bucket", NoSuchKey: "There is no such object", NotFound: "There is nothing here", NoSuchVersion: "There is no such version"};

// Why something cannot be shown, and what may be done about it.
export function problem(error, {place, again, signIn}) {
  const retry = button("Try again", {kind: "primary", iconName: "retry", click: again});
  if (error instanceof Away) {
    return notice("away", "The gateway does not answer", "It may be restarting, or your network has gone. Nothing is lost.", retry);
  }
  if (error.code in GONE) return notice("empty", GONE[error.code], error.message, upFrom(place));
  if (error.status === 403) {
    const asks = signIn && button("Sign in", {kind: "primary", iconName: "key", click: signIn});
    return notice("refused", "You may not see this", error.message, asks || retry);
  }
  if (error.status === 503) {
    return notice("away", "The data cannot be reached now", `${error.message} The gateway is there, and PFS behind it does not answer in time.`, retry);
  }
  return notice("refused", "That did not work", `${error.code ?? error.name}: ${error.message}`, retry);
}

function upFrom(place) {
  if (!place?.key) return link(hrefOf({}), "All buckets");
  return link(hrefOf({bucket: place.bucket, key: folderOf(place.key)}), "To the folder above");
}
