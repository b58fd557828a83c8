"""How the log looks: one line an event, on standard error."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from gateway.settings import Settings


class JsonLines(logging.Formatter):
    """A JSON object a line, with what went wrong in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one event."""
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event)


def log_config(settings: Settings) -> dict[str, Any]:
    """Python's logging configuration for the gateway and uvicorn."""
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": JsonLines},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": settings.log_format}
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "s3gateway": {"level": level},
            "uvicorn.error": {"level": "WARNING" if level == "INFO" else level},
        },
    }
