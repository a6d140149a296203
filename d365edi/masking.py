"""What looks like a secret in a text that somebody else wrote: an error of D365 may repeat the header that we sent.

A part of `errors`. Knows: how tokens, passwords and keys are written. Does not know: which secrets we have (that is `log`).
"""

import re

_AUTHORIZATION = r"authorization[\"']?\]?\s*[:=,]\s*[\[(\"']*(?:(?:bearer|basic)(?:\s|%20|\+)+)?"
_SECRETIVE = re.compile(
    rf"(?i)({_AUTHORIZATION}"
    r"|\bbearer(?:[\s:=\"']|%20|\+)+(?=[A-Za-z0-9_~+/-]{16}|[A-Za-z0-9_~+/-]*[0-9]|[A-Za-z0-9_~+/-]+\.[A-Za-z0-9])(?![a-z_]+=)"
    r"|(?:client_secret|client_assertion|access_token|refresh_token|password|passphrase|secret|sig)[\"']?\s*[:=]\s*[\"']?)"
    r"[^\s\"'&,;}\])\\<>]+"
)
_WORDS = ("bearer", "authorization", "secret", "assertion", "token", "passw", "passp", "sig")
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:(?:\.|%2E)[A-Za-z0-9_-]*){1,4}|eyJ[A-Za-z0-9_-]{20,}")
"""A JSON Web Token (RFC 7519, 3): base64url parts with points between, of which the end may be missing."""
_PRIVATE = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END \1-----|$)", re.DOTALL)


def masked_keys(text: str) -> str:
    """The text without private keys."""
    return _PRIVATE.sub("***", text) if "PRIVATE KEY" in text else text


def masked(text: str) -> str:
    """The text without what looks like a token, a password or a private key: each is `***`."""
    # The patterns cost twenty times what looking for their words does, and nearly no text has one.
    text = masked_keys(text)
    if "eyJ" in text:
        text = _TOKEN.sub("***", text)
    lower = text.lower()
    if any(word in lower for word in _WORDS):
        text = _SECRETIVE.sub(lambda found: f"{found[1]}***", text)
    return text
