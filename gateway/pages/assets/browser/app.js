// The page: it reads the contract, looks where a person is, and shows that screen.

import {showBuckets} from "./buckets.js";
import {readContract} from "./contract.js";
import {askForKeys} from "./dialogs.js";
import {announce, button, element} from "./dom.js";
import {showFolder} from "./folder.js";
import {showObject} from "./object.js";
import {breadcrumbs, copyable} from "./parts.js";
import {hrefOf, nameOf, placeOf} from "./places.js";
import {S3} from "./s3.js";
import {Session} from "./session.js";
import {loading, problem} from "./states.js";
import {Transfers} from "./transfers.js";

const SCREENS = {buckets: showBuckets, folder: showFolder, object: showObject};
const UNTIL_LOADING_MILLISECONDS = 200;
const SAID_MILLISECONDS = 6000;

class App {
  #main = document.getElementById("screen");
  #connect = document.getElementById("connect");
  #leaving = new AbortController();
  #place = null;

  constructor() {
    this.session = new Session();
    this.s3 = new S3(this.session);
    this.transfers = new Transfers(document.getElementById("transfers"));
  }

  get signal() {
    return this.#leaving.signal;
  }

  async start() {
    globalThis.addEventListener("hashchange", () => this.#show());
    globalThis.addEventListener("keydown", (event) => focusSearch(event));
    await this.#begin();
  }

  // Without the contract nothing can be offered, so that it is asked for until it is there.
  async #begin() {
    try {
      this.can = await readContract();
    } catch (error) {
      this.#main.replaceChildren(problem(error, {again: () => this.#begin()}));
      return;
    }
    this.#showSession();
    await this.#show();
  }

  refresh() {
    return this.#show({isSame: true});
  }

  // A folder has changed: what is shown of it is old.
  changed(bucket, key) {
    if (this.#place.kind === "folder" && this.#place.bucket === bucket && this.#place.key.startsWith(key)) this.refresh();
  }

  // Typing leaves no trail in the browser's history.
  search({kind, ...place}) {
    history.replaceState(null, "", hrefOf(place));
    this.#show({isSame: true});
  }

  say(text) {
    const said = element("p", {}, text);
    document.getElementById("said").replaceChildren(said);
    announce(text);
    setTimeout(() => said.remove(), SAID_MILLISECONDS);
  }

  async signIn() {
    if ((await askForKeys(this.session, () => this.s3.buckets({}))) === null) return;
    this.#showSession();
    this.refresh();
  }

  #signOut() {
    this.session.signOut();
    this.#showSession();
    this.refresh();
  }

  #showSession() {
    if (!this.can.keys) return;
    const {accessKey} = this.session;
    const shown = accessKey === null
      ? [button("Sign in", {kind: "small primary", iconName: "key", click: () => this.signIn()})]
      : [element("span", {class: "who", title: accessKey}, accessKey), button("Sign out", {kind: "small", click: () => this.#signOut()})];
    document.getElementById("session").replaceChildren(...shown);
  }

  async #show({isSame = false} = {}) {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    const {signal} = this.#leaving;
    this.#place = placeOf(location.hash);
    const {bucket, key, kind} = this.#place;
    const title = kind === "buckets" ? "Buckets" : nameOf(key) || bucket;
    const slow = setTimeout(() => isSame || this.#draw(title, [loading(title)]), UNTIL_LOADING_MILLISECONDS);
    const contents = await this.#contents();
    clearTimeout(slow);
    if (signal.aborted) return;
    this.#draw(title, contents, isSame);
  }

  async #contents() {
    const signIn = this.can.keys && (() => this.signIn());
    try {
      return await SCREENS[this.#place.kind](this.#place, this);
    } catch (error) {
      return [problem(error, {place: this.#place, again: () => this.refresh(), signIn})];
    }
  }

  #draw(title, contents, isSame) {
    document.title = title === "Buckets" ? "S3 over PFS" : `${title} · S3 over PFS`;
    const heading = element("h1", {tabindex: "-1"}, title);
    const trail = this.#place.kind === "buckets" ? null : breadcrumbs(this.#place);
    const typing = keepTyping();
    this.#main.replaceChildren(...[trail, heading, ...contents].filter(Boolean));
    this.#connect.hidden = this.#place.kind !== "buckets";
    if (!typing() && !isSame) heading.focus({preventScroll: true});
    if (!isSame) announce(title);
  }
}

// What somebody types goes on in the field that takes the old one's place.
function keepTyping() {
  const old = document.activeElement?.id === "search" ? document.activeElement : null;
  return () => {
    const field = document.getElementById("search");
    if (old === null || field === null) return false;
    field.value = old.value;
    field.focus();
    field.setSelectionRange(old.selectionStart, old.selectionEnd);
    return true;
  };
}

function focusSearch(event) {
  const isTyping = event.target.closest?.("input, textarea, dialog") !== null;
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.getElementById("search");
  if (field === null) return;
  event.preventDefault();
  field.focus();
}

function addCopyButtons() {
  for (const lines of document.querySelectorAll("#connect pre")) lines.replaceWith(copyable(lines.textContent.trimEnd(), lines.getAttribute("aria-label")));
}

addCopyButtons();
await new App().start();
