"""What the service logs on its error stream: lines for people, or a JSON object on each line for programs.

Whatever is logged while a request is answered carries the id of the request. Facts and secrets are never logged.
"""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog

from policyengine.access.redaction import redacted

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

TEXT: Final = "text"
JSON: Final = "json"
#: The forms of a log.
FORMATS: Final = (TEXT, JSON)
#: The logger of answered requests.
ACCESS: Final = "policyengine.access"
# What every event is given, whoever tells it.
_FIRST: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Without the values of variables: these are facts, and may be secrets.
_TRACEBACKS: Final = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(format_: str, *, access: bool) -> None:
    """Sets this process to log in this form, on its error stream; ``access``: every request too."""
    logging.config.dictConfig(settings(format_, access=access))


def event_log(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of this name, for events that have values of their own beside what is said."""
    found: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            *_FIRST,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return found


def settings(format_: str, *, access: bool) -> dict[str, Any]:
    """The same for the standard library's ``logging.config``."""
    stderr = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "format_": format_}},
        "filters": {"meant": {"()": NotWhatIsMeant}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["meant"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "_granian": stderr | {"level": "WARNING"},
            # Who serves which policies since when is worth a line each time.
            "policyengine.reload": stderr | {"level": "INFO"},
            ACCESS: stderr | {"level": "INFO" if access else "CRITICAL"},
        },
    }


def formatter(format_: str) -> logging.Formatter:
    """What writes an event in this form."""
    at_last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if format_ == JSON:
        at_last += [_TRACEBACKS, structlog.processors.JSONRenderer(serializer=_json)]
    else:
        at_last += [structlog.processors.format_exc_info, _line]
    return WithoutKeys(foreign_pre_chain=_FIRST, processors=at_last)


def _json(event: Mapping[str, Any], **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _line(_: WrappedLogger, __: str, event: EventDict) -> str:
    """One line: nothing that a caller sent can start a line of its own. A traceback follows it as it is."""
    event.pop("logger", None)
    time, level, told = event.pop("timestamp"), event.pop("level").upper(), event.pop("event")
    traceback = event.pop("exception", None)
    rest = " ".join(f"{name}={_quoted(str(value))}" for name, value in event.items() if value not in (None, ""))
    line = "".join(c if c.isprintable() else "\ufffd" for c in f"{time} {level} {told} {rest}".rstrip())
    return f"{line}\n{traceback}" if traceback else line


def _quoted(value: str) -> str:
    """A value that could be taken for several, in quotes."""
    return json.dumps(value, ensure_ascii=False) if {" ", '"', "="} & set(value) else value


class WithoutKeys(structlog.stdlib.ProcessorFormatter):
    """Leaves the secrets of keys out of whatever is logged, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as it is written."""
        return redacted(super().format(record))


class NotWhatIsMeant(logging.Filter):
    """Leaves out the server's remark that its threads are many: most of them only wait for slow clients."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged."""
        return "Python threads, which seems quite high" not in record.getMessage()
