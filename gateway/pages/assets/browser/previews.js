// What can be seen of an object without downloading all of it.

import {element, size} from "./dom.js";
import {csvTable} from "./csv.js";
import {parquetSchema} from "./parquet.js";

const KIB = 1024;
const MOST_TEXT = 256 * KIB;
const MOST_JSON = 1024 * KIB;
const MOST_IMAGE = 20 * KIB ** 2;

const IMAGES = {png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif", bmp: "image/bmp", svg: "image/svg+xml", ico: "image/x-icon"};
const SEPARATORS = {csv: ",", tsv: "\t"};

export async function preview(object, app) {
  const extension = object.key.split(".").pop().toLowerCase();
  const kind = extension in IMAGES ? image : extension === "parquet" ? parquet : extension === "json" ? json : text;
  if (object.size === 0) return told("This object is empty.");
  try {
    return await kind(object, extension, app);
  } catch (error) {
    if (app.signal.aborted) return "";
    return told(`The preview could not be made: ${error.message}`);
  }
}

function told(sentence) {
  return element("p", {class: "told"}, sentence);
}

function part(object, app, most) {
  const {bucket, key, version} = object;
  return app.s3.get(bucket, key, {versionId: version, first: 0, last: Math.min(object.size, most) - 1, signal: app.signal});
}

// An image's type is chosen here: in an <img> even an SVG runs nothing.
async function image(object, extension, app) {
  if (object.size > MOST_IMAGE) return told(`Images of up to ${size(MOST_IMAGE)} are shown. This one has ${size(object.size)}.`);
  const bytes = await (await part(object, app, MOST_IMAGE)).arrayBuffer();
  const src = URL.createObjectURL(new Blob([bytes], {type: IMAGES[extension]}));
  const shown = element("img", {src, alt: `The image ${object.key}`});
  await shown.decode();
  shown.addEventListener("load", () => URL.revokeObjectURL(src), {once: true});
  return shown;
}

async function json(object, extension, app) {
  if (object.size > MOST_JSON) return text(object, extension, app);
  const raw = await (await part(object, app, MOST_JSON)).text();
  try {
    return block(JSON.stringify(JSON.parse(raw), null, 2), object);
  } catch {
    return element("div", {}, told("This is no valid JSON. It is shown as text."), block(raw, object));
  }
}

async function text(object, extension, app) {
  const bytes = new Uint8Array(await (await part(object, app, MOST_TEXT)).arrayBuffer());
  const read = readAsText(bytes, object.size > bytes.length);
  if (read === null) return told("There is no preview of this kind of data. Download it to see it.");
  const rest = object.size > bytes.length && told(`These are the first ${size(bytes.length)} of ${size(object.size)}.`);
  const shown = extension in SEPARATORS ? csvTable(read, SEPARATORS[extension]) : block(read, object);
  return element("div", {}, rest, shown);
}

// Text is UTF-8 without zeros. What was cut may end inside a character.
function readAsText(bytes, isCut) {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", {fatal: true}).decode(bytes, {stream: isCut});
  } catch {
    return null;
  }
}

function block(content, object) {
  return element("pre", {tabindex: "0", "aria-label": `Content of ${object.key}`}, content);
}

async function parquet(object, extension, app) {
  const read = async (first, end) => {
    const {bucket, key, version} = object;
    const answer = await app.s3.get(bucket, key, {versionId: version, first, last: end - 1, signal: app.signal});
    return answer.arrayBuffer();
  };
  return parquetSchema(object.size, read);
}
