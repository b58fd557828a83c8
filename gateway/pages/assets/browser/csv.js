// A table of the first lines of a file with separators: https://www.rfc-editor.org/rfc/rfc4180.

import {element} from "./dom.js";

const MOST_ROWS = 100;
const MOST_COLUMNS = 50;

export function csvTable(text, separator) {
  const [head, ...rows] = firstRows(text, separator, MOST_ROWS + 1);
  const title = (cell) => (cell ? element("th", {scope: "col"}, cell) : element("td"));
  const cells = (row, made) => row.slice(0, MOST_COLUMNS).map(made);
  return element(
    "div",
    {class: "wide", tabindex: "0", role: "region", "aria-label": `The first ${rows.length} rows`},
    element("table", {class: "data"}, element("thead", {}, element("tr", {}, cells(head, title))), element("tbody", {}, rows.map((row) => element("tr", {}, cells(row, (cell) => element("td", {}, cell)))))),
  );
}

// A field in quotes may hold the separator, ends of lines, and quotes written twice.
export function firstRows(text, separator, most) {
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|([^${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`, "y");
  const rows = [[]];
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    // Only a carriage return alone is no part of any field, and no end of a line.
    if (found === null) break;
    rows.at(-1).push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    if (found[3] === separator) continue;
    if (rows.length === most) break;
    if (field.lastIndex < text.length) rows.push([]);
  }
  return rows;
}
