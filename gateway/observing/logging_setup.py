"""How the log looks: one line an event, on standard error, with times in UTC."""

from __future__ import annotations

import json
import logging
import logging.config
from datetime import UTC, datetime
from typing import Any

from gateway.settings import Settings


class TextLines(logging.Formatter):
    """Lines for people; their times say which zone they are of."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """When an event was, as the access log writes times."""
        return _time(record.created)


class JsonLines(logging.Formatter):
    """A JSON object a line, with what went wrong in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one event."""
        event = {
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return json.dumps(event)


def json_event(level: str, message: str) -> str:
    """A line of the JSON log for what is told before there is a log."""
    event = {
        "time": _time(datetime.now(UTC).timestamp()),
        "level": level,
        "logger": "s3gateway",
        "message": message,
    }
    return json.dumps(event)


def _time(seconds: float) -> str:
    time_ = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return time_.replace("+00:00", "Z")


def begin_logging(settings: Settings) -> None:
    """Log as the settings say from now on, Python's own warnings too."""
    logging.config.dictConfig(log_config(settings))
    logging.captureWarnings(True)


def log_config(settings: Settings) -> dict[str, Any]:
    """Python's logging configuration for the gateway and uvicorn."""
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {
                "()": TextLines,
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
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
