// What a Parquet file says of itself at its end: its columns, and how many rows there are. No data is read.

import {parquetMetadataAsync, parquetSchema as treeOf} from "/-/vendor/hyparquet/metadata.js";
import {count, element, size} from "./dom.js";
import {facts} from "./parts.js";

const FIRST_READ = 64 * 1024;
const MOST_METADATA = 8 * 1024 ** 2;

export async function parquetSchema(byteLength, read) {
  const slice = (first, end = byteLength) => {
    if (end - first > MOST_METADATA) throw new Error(`its metadata have more than ${size(MOST_METADATA)}`);
    return read(first, end);
  };
  const metadata = await parquetMetadataAsync({byteLength, slice}, {initialFetchSize: Math.min(byteLength, FIRST_READ)});
  const rows = [];
  collect(treeOf(metadata).children, 0, rows);
  return element("div", {}, summary(metadata, rows), columns(rows));
}

function summary(metadata, rows) {
  const codecs = new Set(metadata.row_groups.flatMap((group) => group.columns.map((one) => one.meta_data?.codec)));
  return facts([
    ["Rows", Number(metadata.num_rows).toLocaleString("en")],
    ["Columns", String(rows.filter(({isLeaf}) => isLeaf).length)],
    ["Row groups", String(metadata.row_groups.length)],
    ["Compression", [...codecs].filter(Boolean).join(", ")],
    ["Written by", metadata.created_by],
  ]);
}

function collect(nodes, depth, into) {
  for (const {element: column, children} of nodes) {
    const type = column.logical_type?.type ?? column.converted_type ?? column.type ?? "group";
    into.push({name: column.name, depth, type, repetition: column.repetition_type, isLeaf: children.length === 0});
    collect(children, depth + 1, into);
  }
}

function columns(rows) {
  const lines = rows.map(({name, depth, type, repetition}) =>
    element("tr", {}, element("td", {}, `${"\u2003".repeat(depth)}${name}`), element("td", {}, type), element("td", {}, (repetition ?? "").toLowerCase())),
  );
  const head = ["Column", "Type", "Values"].map((name) => element("th", {scope: "col"}, name));
  return element(
    "div",
    {class: "wide", tabindex: "0", role: "region", "aria-label": `The schema, ${count(rows.length, "line")}`},
    element("table", {class: "data"}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, lines)),
  );
}
