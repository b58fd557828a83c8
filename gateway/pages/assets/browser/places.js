// Where in the gateway a person is: the part of the address behind #, so that a place can be kept and sent.
//   #/                                   the buckets
//   #/master.images/cats/                a folder
//   #/master.images/cats/1.png           an object
// and behind a ?: view, prefix, token, version.

import {encoded} from "./requests.js";

export function hrefOf({bucket, key = "", ...query}) {
  const path = bucket === undefined ? "#/" : `#/${encoded(bucket)}/${key.split("/").map(encoded).join("/")}`;
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = given.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&");
  return search ? `${path}?${search}` : path;
}

export function placeOf(hash) {
  const [path, search] = hash.replace(/^#?\/?/, "").split("?");
  const query = Object.fromEntries(new URLSearchParams(search));
  const [bucket, ...key] = path.split("/").map(decoded);
  if (!bucket) return {...query, kind: "buckets"};
  const whole = key.join("/");
  return {...query, kind: whole === "" || whole.endsWith("/") ? "folder" : "object", bucket, key: whole};
}

// What somebody has typed may be no encoding at all.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function folderOf(key) {
  return key.slice(0, key.replace(/\/$/, "").lastIndexOf("/") + 1);
}

export function nameOf(key) {
  return key.replace(/\/$/, "").split("/").pop();
}

export function go(place) {
  location.hash = hrefOf(place);
}
