"""The body of a request: its bytes, within a limit, and the data in them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from flask import Request, Response
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from policyengine.api_schema.openapi import STREAM_TYPE
from policyengine.engine.json_reader import read_json
from policyengine.errors import RequestError
from policyengine.web import problems
from policyengine.web.answers import JSON_TYPE
from policyengine.web.lines import Line, groups_of
from policyengine.web.problems import Problem, malformed

Json = object
#: The largest body of one question, and of a batch, in bytes.
MOST_BYTES: Final = 2**20
MOST_BATCH_BYTES: Final = 2**24
#: Requests whose bodies, which nobody reads, are taken at a time. One that never comes holds a thread for ever.
_TAKERS: Final = threading.BoundedSemaphore(8)
_IN_CHUNKS: Final = "HTTP_TRANSFER_ENCODING"
# Where the reader of JSON says that something is in a text of one line.
_FIRST_LINE: Final = "at line 1,"
# Digits of the length of a body that is no larger than these.
_LENGTH_DIGITS: Final = 8


class BodyRequest(Request):
    """A request that knows whether its body has been read to the end, and whether it is left where it is."""

    body_is_read: bool = False
    body_is_left: bool = False


def body_of(request: BodyRequest, most_bytes: int) -> Json:
    """The data of the body, read strictly. Raises Problem."""
    if request.environ.get("CONTENT_TYPE") != JSON_TYPE or "HTTP_CONTENT_ENCODING" in request.environ:
        _check_media_type(request)
    _check_query(request)
    data = _bytes_of(request, most_bytes)
    try:
        return read_json(data, most_bytes)
    except RequestError as e:
        raise malformed(e.problems) from e


def is_stream(request: Request) -> bool:
    """Whether the body is sent as JSON lines."""
    return request.mimetype == STREAM_TYPE


def lines_of(request: BodyRequest) -> Iterator[Sequence[Line]]:
    """The lines of a body as they arrive, of at most so many bytes each as one question. Raises Problem at once."""
    _check_encoding(request)
    _check_query(request)
    # Whatever becomes of the answer, nothing else may read what is left of the body.
    request.body_is_read = True
    return groups_of(request.environ["wsgi.input"], MOST_BYTES)


def data_of_line(line: Line) -> Json:
    """The data of a line of a stream, read strictly. Raises Problem."""
    if line.text is None:
        raise Problem(problems.TOO_LARGE, f"line {line.number} has more than {MOST_BYTES} bytes")
    try:
        return read_json(line.text, MOST_BYTES)
    except RequestError as e:
        raise malformed([replace(p, detail=_in_stream(p.detail, line.number)) for p in e.problems]) from e


def _in_stream(detail: str, number: int) -> str:
    """What is wrong with a line, which is the first of its own text, with its number in the stream."""
    if _FIRST_LINE in detail:
        return detail.replace(_FIRST_LINE, f"at line {number},", 1)
    return f"line {number}: {detail}"


def _check_media_type(request: Request) -> None:
    """A Problem unless the body is sent as plain JSON in UTF-8."""
    if request.mimetype != JSON_TYPE:
        sent = f"it is sent as `{request.mimetype}`" if request.mimetype else "its type is not said"
        detail = f"the body must be JSON, and {sent}"
        raise Problem(problems.WRONG_MEDIA_TYPE, detail, f"send the header `Content-Type: {JSON_TYPE}`")
    _check_encoding(request)


def _check_query(request: Request) -> None:
    if request.query_string:
        help_ = "everything that is asked stands in the body, `as_of` too"
        raise Problem(problems.BAD_REQUEST, "this address takes nothing after a `?`", help_)


def _check_encoding(request: Request) -> None:
    """A Problem unless the body is sent in UTF-8, and not packed."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Problem(problems.WRONG_MEDIA_TYPE, f"the body is in `{charset}`, and JSON is UTF-8", "send it as UTF-8")
    if request.content_encoding not in (None, "", "identity"):
        detail = f"the body is packed as `{request.content_encoding}`, which is not read here"
        raise Problem(problems.WRONG_MEDIA_TYPE, detail, "send it as it is")


def leave_rest(request: BodyRequest, response: Response) -> None:
    """Takes a body that nobody read, as of a request that is refused before; if it is too long, says what follows.

    The server closes a connection on which a part of a body was left. A client that is not told so sends its next
    request there, and gets no answer; one that is cut off while it sends does not see this answer.
    """
    said = request.environ.get("CONTENT_LENGTH", "")
    if request.body_is_read or (said in ("", "0") and _IN_CHUNKS not in request.environ):
        return
    if request.body_is_left or not _takes_all(request, said):
        response.headers["Connection"] = "close"


def _takes_all(request: BodyRequest, said: str) -> bool:
    """Takes a body of this length; False if it is longer than one may be, or too many are being taken."""
    if not _TAKERS.acquire(blocking=False):
        return False
    try:
        return said == str(len(request.environ["wsgi.input"].read(MOST_BYTES)))
    finally:
        _TAKERS.release()


def _bytes_of(request: BodyRequest, most_bytes: int) -> bytes:
    said = request.environ.get("CONTENT_LENGTH", "")
    if said.isdigit() and said.isascii() and len(said) <= _LENGTH_DIGITS and int(said) <= most_bytes:
        data = _exactly(request, int(said))
        request.body_is_read = True
        return data
    # One byte more is let through, to tell a body that just fits from one that was cut off at the limit.
    request.max_content_length = most_bytes + 1
    try:
        data = request.get_data(cache=False)
    except RequestEntityTooLarge as e:
        raise _too_large(most_bytes) from e
    if len(data) > most_bytes:
        raise _too_large(most_bytes)
    request.body_is_read = True
    return data


def _exactly(request: Request, length: int) -> bytes:
    """A body whose length was said beforehand."""
    stream = request.environ["wsgi.input"]
    data: bytes = stream.read(length)
    while len(data) < length:
        more = stream.read(length - len(data))
        if not more:
            raise ClientDisconnected
        data += more
    return data


def _too_large(most_bytes: int) -> Problem:
    help_ = None if most_bytes == MOST_BATCH_BYTES else "many questions at once go to /batch"
    return Problem(problems.TOO_LARGE, f"the body may have {most_bytes} bytes at most", help_)
