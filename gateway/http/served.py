"""What connections and the server know of the app that they serve."""

from __future__ import annotations

from typing import Protocol

from gateway.lifecycle import Lifecycle
from gateway.observing.request_observer import RequestObserver
from gateway.settings import Settings


class Served(Protocol):
    """The app, as far as they know it."""

    settings: Settings
    lifecycle: Lifecycle
    observer: RequestObserver
