"""The front door: from a socket to a handler and back.

`app` holds the order of everything; `contract` loads the document, `routing` and `parameters`
apply its rule, `binding` calls the handler; `errors` is the only renderer of failures;
`http_protocol` limits what uvicorn does not; `settings` alone reads the environment; `composition`
picks the PFS.
"""

import warnings

# connexion imports starlette's test client, which would like another httpx; we use neither.
warnings.filterwarnings("ignore", message="Using `httpx` with")
