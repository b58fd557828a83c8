"""How the log looks: one line an event, on standard error."""

from __future__ import annotations

from typing import Any

from gateway.settings import Settings


def log_config(settings: Settings) -> dict[str, Any]:
    """Python's logging configuration for the gateway and uvicorn."""
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "s3gateway": {"level": level},
            "uvicorn.error": {"level": "WARNING" if level == "INFO" else level},
        },
    }
