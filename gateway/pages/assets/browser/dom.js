// Elements are made here and filled with text only: nothing that a bucket holds is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// Shapes stand in the page itself, so that none has to be fetched.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function button(label, {iconName, kind = "", ...attributes}) {
  return element("button", {type: "button", class: `button ${kind}`, ...attributes}, iconName && icon(iconName), label);
}

export function iconButton(label, iconName, attributes) {
  return element("button", {type: "button", class: "button quiet square", title: label, "aria-label": label, ...attributes}, icon(iconName));
}

export function link(href, ...children) {
  return element("a", {href}, ...children);
}

export function time(moment) {
  if (Number.isNaN(moment.getTime())) return "";
  const shown = moment.toLocaleString(undefined, {dateStyle: "medium", timeStyle: "short"});
  return element("time", {datetime: moment.toISOString(), title: moment.toISOString()}, shown);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function size(bytes) {
  let power = 0;
  let value = bytes;
  while (value >= 1024 && power < UNITS.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[power]}`;
}

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

// Says something to whoever does not see the page.
export function announce(text) {
  document.getElementById("announcements").textContent = text;
}
