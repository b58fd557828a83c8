// The contract as this page shows it: what a reader needs in a form, and in the order in which it is needed.

export const METHODS = ["get", "put", "post", "delete", "head"];

// A part of the fragment stands for a parameter of the query whose value goes without saying: it is there too, or there is none. The
// form has no field for those. Other parts only tell operations apart.
const partsOf = (path) => path.split("#")[1]?.split("&") ?? [];
const standsFor = (part, {name, in: where, allowEmptyValue}) => where === "query" && (part === name ? allowEmptyValue : part.startsWith(`${name}=`));
const isInFragment = (path, parameter) => partsOf(path).some((part) => standsFor(part, parameter));

// Where only one value is possible, there is nothing to fill in.
const isFixed = ({schema, required}) => !required && new Set(schema.enum?.map((value) => String(value).toLowerCase())).size === 1;

// The form is filled with examples. Those of what may be left out would make most requests fail, such as
// the checksum of another body: they are told, and not filled in. What a value must look like is the
// server's to say: its refusal explains.
function forTheForm(parameter) {
  const {example, schema: {pattern, maxLength, ...schema}, ...rest} = parameter;
  if (parameter.required || example === undefined) return {...parameter, schema};
  return {...rest, schema, description: `${parameter.description} For example: \`${example}\``};
}

// What names bucket and key comes first. What SDKs set, and nobody by hand, comes last and is folded away.
function inOrder(common, own) {
  const isAddress = (parameter) => parameter.in === "path";
  const idle = [...own.filter(isFixed), ...common.filter((one) => !isAddress(one))];
  return [...common.filter(isAddress), ...own.filter((one) => !isFixed(one)), ...idle.map((one) => ({...one, "x-idle": true}))];
}

export function forThisPage(contract, elsewhere) {
  const {parameters: shared, schemas} = contract.components;
  const resolved = (node) => (node.$ref ? shared[node.$ref.split("/").pop()] : node);
  const whole = ({schema, ...rest}) => ({...rest, schema: schema.$ref ? schemas[schema.$ref.split("/").pop()] : schema});
  const parametersOf = (nodes) => (nodes ?? []).map(resolved).map(whole);
  const paths = {};
  for (const [path, {parameters, ...item}] of Object.entries(contract.paths)) {
    const operations = METHODS.filter((one) => one in item).map((one) => item[one]);
    paths[withoutFragment(path, operations.flatMap((one) => parametersOf(one.parameters)))] = item;
    for (const method of METHODS.filter((one) => one in item)) {
      const operation = item[method];
      const own = parametersOf(operation.parameters).filter((one) => !isInFragment(path, one));
      item[method] = {
        ...operation,
        summary: `${operation["x-s3-operation"]}: ${operation.summary}`,
        parameters: inOrder(parametersOf(parameters), own).map(forTheForm),
      };
    }
  }
  const servers = elsewhere ? [{url: elsewhere}] : contract.servers;
  return {...contract, paths, servers};
}

// The contract's paths carry a fragment where operations share one. It is no part of a request; here it is the query that chooses the
// operation. Swagger UI fills no path in that has a #, so that it stands behind an @ meanwhile, and what is not sent behind two: what
// the reader has put into a path is encoded, and has none.
const originals = new Map();

function withoutFragment(path, parameters) {
  const isSent = (part) => parameters.some((parameter) => standsFor(part, parameter));
  const parts = partsOf(path);
  const [sent, unsent] = [parts.filter(isSent), parts.filter((part) => !isSent(part))];
  const shown = path.split("#")[0] + (sent.length ? `@${sent.join("&")}` : "") + (unsent.length ? `@@${unsent.join("&")}` : "");
  originals.set(shown, path);
  return shown;
}

export function withFragmentAsQuery(url) {
  return url.replace(/^([^?]*?)@@[^?]*/, "$1").replace(/^([^?@]*)@([^?]*)\??/, "$1?$2&").replace(/[?&]$/, "");
}

export function withFragment(path) {
  return originals.get(path) ?? path;
}
