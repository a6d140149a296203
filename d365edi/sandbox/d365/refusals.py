"""How the service refuses: the exception and the bodies, as F&O words them.

Knows: the error envelope, Infolog texts and which status goes with them. Does not know: rules; they raise what is
built here.
"""

from collections.abc import Mapping
from typing import Any

WRITE_EXCEPTION = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"


class Refusal(Exception):
    """One answer that is not a success. `body` is JSON, or None for an empty body."""

    def __init__(self, status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def _envelope(message: str, inner: str, kind: str) -> dict[str, Any]:
    stack = "   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update.UpdateProcessor.CreateEntity_Save()"
    return {
        "error": {"code": "", "message": message, "innererror": {"message": inner, "type": kind, "stacktrace": stack}}
    }


def infolog(entity: str, *lines: str, verb: str = "Write", status: int = 400) -> Refusal:
    """A write that the application refused: the sentence stands in `innererror.message` after `Infolog:`."""
    text = f"{verb} failed for table row of type '{entity}'. Infolog: {'; '.join(lines)}."
    return Refusal(status, _envelope("An error has occurred.", text, WRITE_EXCEPTION))


def bad_reference(entity: str, field: str, value: str, label: str, related: str) -> Refusal:
    """A value that a related table does not have."""
    message = f"Warning: The value '{value}' in field '{label}' is not found in the related table '{related}'."
    return infolog(entity, message, f"Warning: validateField failed on field '{entity}.{field}'")


def must_be_filled(entity: str, field: str) -> Refusal:
    """A mandatory field that the body left out."""
    message = f"Warning: Field '{field}' must be filled in."
    return infolog(entity, message, f"Warning: validateWrite failed on data source '{entity}'")


def exists(entity: str, key: str) -> Refusal:
    """A key that is taken."""
    return infolog(entity, f"Info: Cannot create a record in {entity}. {key}.\nThe record already exists.")


def invalid(message: str) -> Refusal:
    """A request that the OData layer cannot read: malformed, unknown names, wrong types."""
    return Refusal(400, _envelope("The request is invalid.", message, "Microsoft.OData.ODataException"))


def bad_query(message: str) -> Refusal:
    """A query option that the OData layer refuses."""
    text = f"The query specified in the URI is not valid. {message}"
    return Refusal(400, _envelope(text, message, "Microsoft.OData.ODataException"))


def no_such_record(segment: str) -> Refusal:
    """A key that the caller cannot see: not there, or in another company."""
    return Refusal(404, {"error": {"code": "", "message": f"Resource not found for the segment '{segment}'."}})


def no_such_path(path: str) -> Refusal:
    """A path that the service does not have; set names are case-sensitive."""
    return Refusal(404, {"Message": f"No HTTP resource was found that matches the request URI '{path}'."})


def not_allowed(method: str) -> Refusal:
    """A method that the path does not take."""
    return Refusal(405, {"Message": f"The requested resource does not support http method '{method}'."})
