// The contract to read and to try out, in Swagger UI.

import {Capabilities} from "/-/browser/contract.js";
import {askForKeys} from "/-/browser/dialogs.js";
import {button, element} from "/-/browser/dom.js";
import {S3} from "/-/browser/s3.js";
import {Session} from "/-/browser/session.js";
import {components} from "./components.js";
import {METHODS, forThisPage, withFragmentAsQuery} from "./contract.js";

const page = document.getElementById("swagger-ui");
// Where S3 is, if that is another origin than this page's.
const {elsewhere, layers} = page.dataset;
const session = new Session();

const dark = matchMedia("(prefers-color-scheme: dark)");
const followColours = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followColours);
followColours();

function showSession() {
  const signIn = async () => {
    await askForKeys(session, () => new S3(session).buckets({}));
    showSession();
  };
  const signOut = () => {
    session.signOut();
    showSession();
  };
  const {accessKey} = session;
  const shown = accessKey === null
    ? [button("Sign in", {kind: "small primary", click: signIn})]
    : [element("span", {class: "who", title: accessKey}, accessKey), button("Sign out", {kind: "small", click: signOut})];
  document.getElementById("session").replaceChildren(...shown);
}

function shownHere(contract) {
  if (!elsewhere && new Capabilities(contract).keys) showSession();
  return forThisPage(contract, elsewhere);
}

window.ui = SwaggerUIBundle({
  url: "/-/openapi.json",
  domNode: page,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  // Nothing in the page's own address may choose another document.
  queryConfigEnabled: false,
  validatorUrl: null,
  supportedSubmitMethods: elsewhere ? [] : METHODS,
  plugins: [
    {
      wrapComponents: components(JSON.parse(layers)),
      statePlugins: {
        spec: {
          wrapActions: {
            updateJsonSpec: (original) => (contract) => original(shownHere(contract)),
          },
        },
      },
    },
  ],
  requestInterceptor: async (request) => {
    request.url = withFragmentAsQuery(request.url);
    // What is shown is the server's answer, not one that the browser has kept.
    request.cache = "no-store";
    if (request.url.includes("/-/")) return request;
    const url = new URL(request.url, location.href).href;
    request.headers = await session.headersFor(request.method, url, request.headers);
    return request;
  },
});
