"use strict";

// The contract's paths carry a fragment where operations share one; it is never sent.
function withoutFragment(url) {
  return url.replace(/#[^?]*/, "");
}

window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  // Nothing in the page's own address may choose another document.
  queryConfigEnabled: false,
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.url = withoutFragment(request.url);
    return request;
  },
});
