"""Our SSH private keys, read before they are used: what is wrong with one, in a sentence.

Knows: asyncssh's key formats. Does not know: where keys are stored. No error here carries a key or a passphrase.
"""

import asyncssh

from d365edi.errors import SecretError

_PUBLIC = ("ssh-", "ecdsa-", "sk-", "-----BEGIN PUBLIC KEY", "---- BEGIN SSH2 PUBLIC KEY", "-----BEGIN RSA PUBLIC KEY")
_STORE = "d365edi secrets set NAME --file KEY"


def read_key(text: str, passphrase: str = "") -> asyncssh.SSHKey:
    """The private key of a text. SecretError with what it is in its place, or why it does not open."""
    if wrong := _another_thing(text.lstrip()):
        raise SecretError(wrong[0], remedy=wrong[1])
    try:
        return asyncssh.import_private_key(text, passphrase or None)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise _refused(text, passphrase) from None


def _refused(text: str, passphrase: str) -> SecretError:
    if "\n" not in text.strip():
        return SecretError("the key lost its line breaks", remedy=f"store it from its file: {_STORE}")
    if not _encrypted(text):
        return SecretError("the key is damaged, or no private key", remedy=f"store it again from its file: {_STORE}")
    if passphrase:
        remedy = "store the right one, or take it away: ssh-keygen -p -f KEY"
        return SecretError("the passphrase does not open the key", remedy=remedy)
    remedy = 'write passphrase = { secret = "..." } beside it, or take it away: ssh-keygen -p -f KEY'
    return SecretError("the key is encrypted, and no passphrase is named", remedy=remedy)


def _another_thing(text: str) -> tuple[str, str] | None:
    if text.startswith(_PUBLIC):
        return "it is a public key", f"store the private one, from the file without .pub: {_STORE}"
    if text.startswith("PuTTY-User-Key-File"):
        return (
            "it is a key of PuTTY",
            f"turn it into one of OpenSSH: puttygen KEY.ppk -O private-openssh -o KEY, then: {_STORE}",
        )
    if text.startswith("-----BEGIN CERTIFICATE"):
        return "it is a certificate", f"store the private key: {_STORE}"
    return None


def _encrypted(text: str) -> bool:
    """Whether a passphrase opens it: PEM says so (RFC 1421, 4.6.1.1; RFC 5958), a key of OpenSSH has it inside."""
    try:
        asyncssh.import_private_key(text, "")
    except asyncssh.KeyEncryptionError:
        return True
    except asyncssh.KeyImportError as error:
        return "ENCRYPTED" in text or "passphrase" in str(error).lower()
    return False
