// The pair of keys, while this tab is open. It is in no cookie and in no other tab, and no request but a signed one tells of it.

import {AwsV4Signer} from "/-/vendor/aws4fetch/aws4fetch.esm.js";

const STORED = "s3gateway.keys";
// Any region will do for the gateway, unless it was told one: then that is what a refusal names.
const REGION = "us-east-1";

export class Session {
  #pair = JSON.parse(sessionStorage.getItem(STORED) ?? "null");

  get accessKey() {
    return this.#pair?.accessKeyId ?? null;
  }

  // Browsers sign only on HTTPS and on this machine, where nobody listens in.
  get canSign() {
    return globalThis.isSecureContext;
  }

  signIn(accessKeyId, secretAccessKey, region = REGION) {
    this.#pair = {accessKeyId, secretAccessKey, region};
    sessionStorage.setItem(STORED, JSON.stringify(this.#pair));
  }

  signOut() {
    this.#pair = null;
    sessionStorage.removeItem(STORED);
  }

  // The headers with which a request goes out. The host is the browser's to send.
  async headersFor(method, url, headers) {
    if (this.#pair === null) return headers;
    const signed = await new AwsV4Signer({method, url, headers, service: "s3", ...this.#pair}).sign();
    return Object.fromEntries([...signed.headers].filter(([name]) => name !== "host"));
  }
}
