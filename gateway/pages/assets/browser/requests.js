// One request to the gateway's S3 API, and what can come of it.

const SECOND = 1000;
const TRIES = 4;
const PASSES = [500, 502, 503, 504];

export class Refused extends Error {
  constructor(status, code, message, rest = {}) {
    super(message);
    Object.assign(this, {status, code, ...rest});
  }
}

// Nobody answered: the gateway has gone, or the network.
export class Away extends Error {}

// As S3 encodes: also what encodeURIComponent leaves alone, so that a signature is of the very bytes that are sent.
export function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function urlOf({bucket, key, query = {}}) {
  const path = bucket === undefined ? "/" : `/${encoded(bucket)}${key === undefined ? "" : `/${key.split("/").map(encoded).join("/")}`}`;
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = asked.map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`).join("&");
  return `${location.origin}${path}${search ? `?${search}` : ""}`;
}

// Only here text becomes a document, and it is XML: the policy lets nothing be taken for HTML.
const policy = globalThis.trustedTypes?.createPolicy("s3-xml", {createHTML: (text) => text}) ?? {createHTML: (text) => text};

export function xml(text) {
  return new DOMParser().parseFromString(policy.createHTML(text), "application/xml");
}

export function textOf(node, name) {
  for (const child of node?.children ?? []) if (child.localName === name) return child.textContent;
  return undefined;
}

export function all(node, name) {
  return [...(node?.children ?? [])].filter((child) => child.localName === name);
}

const asSentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

export function refusal(status, body, retryAfter) {
  const error = body ? xml(body).documentElement : null;
  const isError = error?.localName === "Error";
  const code = (isError && textOf(error, "Code")) || (status === 404 ? "NotFound" : status === 403 ? "AccessDenied" : `Status${status}`);
  const said = isError ? [textOf(error, "Message"), textOf(error, "Reason")].filter(Boolean).map(asSentence).join(" ") : "";
  const message = said || `The gateway answers with status ${status}.`;
  return new Refused(status, code, message, {retryAfter: Number(retryAfter) || undefined, region: textOf(error, "Region")});
}

// Asks again what can be asked again, with pauses that grow, or as long as the gateway says.
export async function withRetries(attempt, signal) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const mayPass = error instanceof Away || PASSES.includes(error.status);
      if (signal?.aborted || !mayPass || tried === TRIES) throw error;
      await pause((error.retryAfter ?? 2 ** (tried - 1) / 2) * SECOND, signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

export class Requests {
  constructor(session) {
    this.session = session;
  }

  async send(method, {headers = {}, body, signal, ...where}) {
    const url = urlOf(where);
    const signed = await this.session.headersFor(method, url, headers);
    const answer = await this.#fetch(url, {method, headers: signed, body, signal, cache: "no-store"});
    if (answer.ok) return answer;
    throw refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  }

  async sendForXml(method, request) {
    return xml(await (await this.send(method, request)).text()).documentElement;
  }

  // fetch() tells nothing of how far a body has gone; this does.
  async sendBody(method, {headers = {}, body, signal, onProgress, ...where}) {
    const url = urlOf(where);
    const signed = await this.session.headersFor(method, url, headers);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      request.open(method, url);
      Object.entries(signed).forEach(([name, value]) => request.setRequestHeader(name, value));
      request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
      request.addEventListener("load", () => {
        if (request.status < 300) resolve(request);
        else reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
      });
      request.addEventListener("error", () => reject(new Away("The connection broke.")));
      request.addEventListener("abort", () => reject(signal.reason));
      request.addEventListener("loadend", () => signal.removeEventListener("abort", stop));
      signal.throwIfAborted();
      signal.addEventListener("abort", stop);
      request.send(body);
    });
  }

  async #fetch(url, options) {
    try {
      return await fetch(url, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new Away("The gateway does not answer.");
    }
  }
}
