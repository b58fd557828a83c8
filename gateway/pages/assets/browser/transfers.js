// What takes time and goes on while a person looks at something else: uploads, downloads, deletions. A few at once, each with a bar.

import {announce, button, count, element, iconButton, size} from "./dom.js";

export const SKIPPED = Symbol("skipped");
const AT_ONCE = 4;
const MOST_SHOWN = 40;
const ORDER = ["running", "failed", "waiting", "cancelled", "skipped", "done"];
const WORDS = {waiting: "Waiting", cancelled: "Cancelled", skipped: "Skipped", done: "Done"};

class Job {
  state = "waiting";
  sent = 0;
  error = null;
  #controller = new AbortController();
  #changed;

  constructor({label, total, run, unit = "bytes"}, changed) {
    Object.assign(this, {label, total, run, unit});
    this.#changed = changed;
  }

  get signal() {
    return this.#controller.signal;
  }

  get isOver() {
    return this.state !== "waiting" && this.state !== "running";
  }

  progress(sent) {
    this.sent = sent;
    this.#changed();
  }

  cancel() {
    if (this.isOver) return;
    this.state = "cancelled";
    this.#controller.abort(new DOMException("cancelled", "AbortError"));
    this.#changed();
  }

  async work() {
    this.state = "running";
    this.#changed();
    try {
      const outcome = await this.run(this);
      if (this.state === "running") this.state = outcome === SKIPPED ? "skipped" : "done";
      if (this.state === "done" && this.total !== undefined) this.sent = this.total;
    } catch (error) {
      if (this.state === "running") Object.assign(this, {state: "failed", error});
    }
    this.#changed();
  }
}

export class Transfers {
  #panel;
  #jobs = [];
  #running = 0;
  #isDue = false;

  constructor(panel) {
    this.#panel = panel;
    globalThis.addEventListener("beforeunload", (event) => this.#active.length && event.preventDefault());
  }

  // Queues jobs, and calls back when the last of them is over.
  add(jobs, whenOver) {
    const made = jobs.map((one) => new Job(one, () => this.#changed()));
    const run = {jobs: made, whenOver};
    this.#jobs.push(...made.map((job) => Object.assign(job, {batch: run})));
    this.#start();
    this.#changed();
  }

  get #active() {
    return this.#jobs.filter((job) => !job.isOver);
  }

  #start() {
    const waiting = this.#jobs.filter((job) => job.state === "waiting");
    for (const job of waiting.slice(0, AT_ONCE - this.#running)) {
      this.#running += 1;
      job.work().then(() => {
        this.#running -= 1;
        this.#start();
        if (job.batch.jobs.every((one) => one.isOver)) this.#over(job.batch);
      });
    }
  }

  #over(batch) {
    if (batch.isTold) return;
    batch.isTold = true;
    const failed = batch.jobs.filter((job) => job.state === "failed").length;
    announce(failed ? `${count(failed, "transfer")} failed.` : `${count(batch.jobs.length, "transfer")} finished.`);
    batch.whenOver?.();
  }

  // However often something changes, it is drawn once a frame.
  #changed() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    const focused = document.activeElement?.getAttribute("aria-label");
    this.#panel.hidden = this.#jobs.length === 0;
    if (this.#panel.hidden) return this.#panel.replaceChildren();
    const inOrder = [...this.#jobs].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
    const more = inOrder.length - MOST_SHOWN;
    this.#panel.replaceChildren(
      this.#head(),
      element("ul", {}, inOrder.slice(0, MOST_SHOWN).map(row), more > 0 && element("li", {class: "more"}, `and ${more.toLocaleString("en")} more`)),
    );
    if (focused) this.#panel.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  }

  #head() {
    const active = this.#active.length;
    const over = this.#jobs.length - active;
    const failed = this.#jobs.filter((job) => job.state === "failed").length;
    const text = active ? `${over} of ${count(this.#jobs.length, "transfer")} done` : failed ? `${failed} of ${count(this.#jobs.length, "transfer")} failed` : "All transfers are over";
    const cancel = button("Cancel all", {kind: "small", click: () => this.#active.forEach((job) => job.cancel())});
    const close = iconButton("Close the list of transfers", "close", {click: () => this.#close()});
    return element("div", {class: "head"}, element("h2", {}, text), active ? cancel : close);
  }

  #close() {
    this.#jobs = this.#active;
    this.#changed();
    document.querySelector("main h1")?.focus();
  }
}

function row(job) {
  const told = job.state === "failed" ? `${job.error.code ?? ""} ${job.error.message}`.trim() : WORDS[job.state] ?? howFar(job);
  const bar = job.state === "running" && element("progress", {"aria-label": `Progress of ${job.label}`, max: job.total || 1, value: job.total === undefined ? null : job.sent});
  const cancel = !job.isOver && iconButton(`Cancel ${job.label}`, "close", {click: () => job.cancel()});
  return element("li", {class: job.state}, element("span", {class: "name"}, job.label), element("span", {class: "told"}, told), cancel, bar);
}

function howFar({sent, total, unit}) {
  if (unit !== "bytes") return count(sent, unit);
  return total === undefined ? size(sent) : `${size(sent)} of ${size(total)}`;
}
