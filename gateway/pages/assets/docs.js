"use strict";

const METHODS = ["get", "put", "post", "delete", "head"];
const page = document.getElementById("swagger-ui");
// Where S3 is, if that is another origin than this page's.
const elsewhere = page.dataset.elsewhere;

// The contract's paths carry a fragment where operations share one. It is no part of a request; here it is
// the query that chooses the operation. What the reader has put into a path is encoded, so that the first #
// of a URL is the fragment's.
function withFragmentAsQuery(url) {
  return url.replace(/#([^?]*)\??/, "?$1&").replace(/[?&]$/, "");
}

// The fragment stands for these, and the form has no field for one without a value.
const isInFragment = (path, parameter) => path.split("#")[1]?.split("=")[0] === parameter.name;

// The form is filled with examples. Those of what may be left out would make most requests fail, such as
// the checksum of another body: they are told, and not filled in. What a value must look like is the
// server's to say: its refusal explains.
function forTheForm(parameter) {
  const {example, schema: {pattern, maxLength, ...schema}, ...rest} = parameter;
  if (parameter.required || example === undefined) return {...parameter, schema};
  return {...rest, schema, description: `${parameter.description} For example: \`${example}\``};
}

// What names bucket and key comes first, what any request may carry comes last.
function inOrder(common, own) {
  const isAddress = (parameter) => parameter.in === "path";
  return [...common.filter(isAddress), ...own, ...common.filter((p) => !isAddress(p))];
}

function forThisPage(contract) {
  const {parameters: shared, schemas} = contract.components;
  const resolved = (node) => (node.$ref ? shared[node.$ref.split("/").pop()] : node);
  const whole = ({schema, ...rest}) => ({...rest, schema: schema.$ref ? schemas[schema.$ref.split("/").pop()] : schema});
  const paths = {};
  for (const [path, {parameters, ...item}] of Object.entries(contract.paths)) {
    paths[path] = item;
    for (const method of METHODS.filter((one) => one in item)) {
      const operation = item[method];
      const own = (operation.parameters ?? []).map(resolved);
      const form = inOrder(parameters.map(resolved), own.filter((p) => !isInFragment(path, p)));
      item[method] = {
        ...operation,
        summary: `${operation["x-s3-operation"]}: ${operation.summary}`,
        parameters: form.map(whole).map(forTheForm),
      };
    }
  }
  const servers = elsewhere ? [{url: elsewhere}] : contract.servers;
  return {...contract, paths, servers};
}

window.ui = SwaggerUIBundle({
  url: "openapi.json",
  domNode: page,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Nothing in the page's own address may choose another document.
  queryConfigEnabled: false,
  validatorUrl: null,
  supportedSubmitMethods: elsewhere ? [] : METHODS,
  plugins: [
    {
      statePlugins: {
        spec: {
          wrapActions: {
            updateJsonSpec: (original) => (contract) => original(forThisPage(contract)),
          },
        },
      },
    },
  ],
  requestInterceptor: (request) => {
    request.url = withFragmentAsQuery(request.url);
    // What is shown is the server's answer, not one that the browser has kept.
    request.cache = "no-store";
    return request;
  },
});
