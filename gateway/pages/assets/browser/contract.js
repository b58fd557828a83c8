// What the gateway declares. Whatever is not in its contract answers 501, so the page does not offer it.

const METHODS = ["get", "put", "post", "delete", "head"];
const MULTIPART = ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"];

export class Capabilities {
  #parameters = new Map();
  #asksForKeys;

  constructor(contract) {
    const shared = contract.components.parameters;
    const nameOf = (one) => (one.$ref ? shared[one.$ref.split("/").pop()] : one).name.toLowerCase();
    for (const item of Object.values(contract.paths)) {
      for (const method of METHODS.filter((one) => one in item)) {
        const operation = item[method];
        const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
        this.#parameters.set(operation["x-s3-operation"], new Set(parameters.map(nameOf)));
      }
    }
    this.#asksForKeys = Object.keys(contract.components.securitySchemes ?? {}).length > 0;
  }

  has(...operations) {
    return operations.every((operation) => this.#parameters.has(operation));
  }

  takes(operation, parameter) {
    return this.#parameters.get(operation)?.has(parameter.toLowerCase()) ?? false;
  }

  get keys() {
    return this.#asksForKeys;
  }

  get multipart() {
    return this.has(...MULTIPART);
  }

  get versions() {
    return this.has("ListObjectVersions") && this.takes("GetObject", "versionId");
  }

  get copies() {
    return this.has("CopyObject");
  }

  get undeletes() {
    return this.takes("DeleteObject", "versionId");
  }
}

export async function readContract() {
  const answer = await fetch("/-/openapi.json");
  if (!answer.ok) throw new Error(`The contract answers ${answer.status}.`);
  return new Capabilities(await answer.json());
}
