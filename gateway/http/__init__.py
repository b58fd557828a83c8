"""HTTP/1.1 between a socket and ASGI, with limits; and the processes that serve it."""
