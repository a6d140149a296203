"""What the server says no with: a status and a body in JSON, or a page.

Knows: sentences and codes of the real server, as far as they are known. Does not know: when they are said.
"""

from typing import NoReturn

NOT_FOUND = "API000464"
LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Login</title></head><body><form method='post' action='j_security_check'>"
    b"<input name='j_username'><input type='password' name='j_password'></form></body></html>"
)


class Refusal(Exception):
    """A request that is not carried out. `page`: it is answered by an HTML page in place of JSON."""

    def __init__(self, status: int, text: str, *, page: bool = False, challenge: str = "") -> None:
        super().__init__(text)
        self.status, self.text, self.page, self.challenge = status, text, page, challenge


def page(status: int, text: str) -> bytes:
    """An HTML page that says it."""
    said = f"<html><head><title>Error {status}</title></head><body><h1>Error {status}: {text}</h1></body></html>"
    return said.encode()


def bad(text: str) -> NoReturn:
    """400 with this sentence."""
    raise Refusal(400, text)


def not_found(what: str, status: int = 404) -> NoReturn:
    """API000464: there is no such object."""
    raise Refusal(status, f"{NOT_FOUND}: The object could not be found: {what}.")


def forbidden(what: str) -> NoReturn:
    """403, as a page."""
    raise Refusal(403, f"Forbidden: {what}", page=True)


def no_page(path: str) -> NoReturn:
    """404, as a page: the server has nothing at this address."""
    raise Refusal(404, f"SRVE0190E: File not found: {path}", page=True)
