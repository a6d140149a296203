"""Whom we trust and who we are: host keys, our key, passwords; against OpenSSH and asyncssh's server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import asyncssh
import pytest
from asyncssh.encryption import get_default_encryption_algs, get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.public_key import get_default_public_key_algs, get_public_key_algs

from d365edi.endpoints.base import Place
from d365edi.endpoints.sftp import SftpConfig, SftpEndpoint
from d365edi.errors import CredentialsRejected, EndpointError, Unreachable
from d365edi.settings.endpoints import Algorithms
from tests.servers.asyncssh_server import AsyncsshServer, asyncssh_server, key
from tests.servers.openssh import OpenSsh, free_port, openssh


async def enter(config: SftpConfig, place: str = ".") -> None:
    """List one folder and leave."""
    endpoint = SftpEndpoint("acme", config)
    try:
        await endpoint.list(Place(place))
    finally:
        await endpoint.close()


def public(any_key: asyncssh.SSHKey) -> str:
    return any_key.export_public_key().decode().strip()


@pytest.mark.parametrize("spelling", ["public key", "fingerprint"])
@pytest.mark.parametrize("algorithm", ["ed25519", "rsa"])
async def test_a_pinned_key_is_trusted_in_either_spelling_whatever_the_server_prefers(
    sshd: OpenSsh, algorithm: str, spelling: str
) -> None:
    pinned = sshd.host_keys[algorithm]
    await enter(sshd.config(host_keys=(public(pinned) if spelling == "public key" else pinned.get_fingerprint(),)))


async def test_several_keys_may_be_pinned_while_a_partner_changes_theirs(sshd: OpenSsh) -> None:
    coming = asyncssh.generate_private_key("ssh-ed25519")
    await enter(sshd.config(host_keys=(public(coming), public(sshd.host_keys["rsa"]))))


@pytest.mark.parametrize("pinned", ["nothing", "another of the same type", "another type", "another fingerprint"])
async def test_an_unpinned_server_is_refused_with_the_key_it_offered_and_what_to_do(sshd: OpenSsh, pinned: str) -> None:
    lines: dict[str, tuple[str, ...]] = {
        "nothing": (),
        "another of the same type": (public(asyncssh.generate_private_key("ssh-ed25519")),),
        "another type": (public(asyncssh.generate_private_key("ecdsa-sha2-nistp256")),),
        "another fingerprint": (asyncssh.generate_private_key("ssh-ed25519").get_fingerprint(),),
    }
    offered = sshd.host_keys["ed25519"]
    with pytest.raises(CredentialsRejected) as refused:
        await enter(sshd.config(host_keys=lines[pinned]))
    which = "none is pinned" if pinned == "nothing" else "which is not one of those pinned"
    assert refused.value.message == (
        f"acme: 127.0.0.1:{sshd.port} offered the ssh-ed25519 host key {offered.get_fingerprint()}, {which}: "
        f"{public(offered)}"
    )
    assert refused.value.remedy == (
        f'when the partner confirms it, pin it under [endpoints.acme] host_keys = ["{public(offered)}"]'
    )


async def test_a_server_that_only_has_an_unpinned_type_is_refused_with_its_key(home: Path) -> None:
    rsa = key("ssh-rsa")
    async with asyncssh_server(home, [rsa]) as server:
        with pytest.raises(CredentialsRejected, match="offered the ssh-rsa host key SHA256:"):
            await enter(server.config())


async def test_a_line_that_is_no_key_is_refused_by_that_line(sshd: OpenSsh) -> None:
    with pytest.raises(CredentialsRejected, match='"ssh-ed25519 oops" under host_keys is no public key'):
        await enter(sshd.config(host_keys=("ssh-ed25519 oops",)))


async def test_nothing_of_this_machine_takes_part(
    sshd: OpenSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    (ssh / "config").write_text("Host *\n  Port 1\n  User nobody\n")
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {public(sshd.host_keys['ed25519'])}\n")
    (ssh / "id_ed25519").write_bytes(sshd.client_key.export_private_key())
    monkeypatch.setenv("HOME", str(tmp_path))
    await enter(sshd.config())
    with pytest.raises(CredentialsRejected, match="none is pinned"):
        await enter(sshd.config(host_keys=()))
    with pytest.raises(CredentialsRejected, match="the login was refused"):
        await enter(sshd.config(key=""))


@pytest.mark.parametrize(
    ("algorithm", "form", "passphrase"),
    [
        ("ssh-ed25519", "openssh", ""),
        ("ssh-ed25519", "openssh", "s3cret"),
        ("ecdsa-sha2-nistp256", "openssh", ""),
        ("ecdsa-sha2-nistp256", "pkcs8-pem", "s3cret"),
        ("ssh-rsa", "pkcs1-pem", ""),
        ("ssh-rsa", "pkcs8-pem", "s3cret"),
    ],
)
async def test_our_key_may_be_of_any_usual_kind_with_or_without_passphrase(
    sshd: OpenSsh, algorithm: str, form: str, passphrase: str
) -> None:
    ours = asyncssh.generate_private_key(algorithm)
    known = sshd.folder / "authorized_keys"
    known.write_bytes(known.read_bytes() + ours.export_public_key())
    text = ours.export_private_key(form, passphrase=passphrase or None, rounds=50).decode()
    await enter(sshd.config(key=text, passphrase=passphrase))


@pytest.mark.parametrize(
    ("text", "passphrase", "remedy"),
    [
        ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "", "puttygen KEY.ppk -O private-openssh"),
        ("not a key at all", "", "d365edi secrets set NAME --file KEY"),
        ("encrypted", "", 'passphrase = { secret = "..." }'),
        ("encrypted", "wrong", "ssh-keygen -p -f KEY"),
    ],
)
async def test_a_key_that_cannot_be_read_is_refused_with_a_remedy_and_is_not_shown(
    sshd: OpenSsh, text: str, passphrase: str, remedy: str
) -> None:
    if text == "encrypted":
        text = key(which=1).export_private_key(passphrase="s3cret", rounds=50).decode()
    with pytest.raises(CredentialsRejected, match="our SSH key cannot be used") as refused:
        await enter(sshd.config(key=text, passphrase=passphrase))
    assert remedy in refused.value.remedy
    assert text not in str(refused.value)


async def test_a_refused_login_names_our_user_and_the_public_key_to_install(sshd: OpenSsh) -> None:
    unknown_key = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(CredentialsRejected, match="the login was refused") as refused:
        await enter(sshd.config(key=unknown_key.export_private_key().decode(), username="contoso"))
    assert 'username "contoso"' in refused.value.remedy
    assert public(unknown_key) in refused.value.remedy


async def test_a_password_lets_in_and_a_wrong_one_is_refused(server: AsyncsshServer) -> None:
    await enter(server.config(key="", password="open sesame"))
    with pytest.raises(CredentialsRejected, match="the login was refused") as refused:
        await enter(server.config(key="", password="hunter2"))
    assert "hunter2" not in str(refused.value)


def test_no_secret_is_in_the_text_of_a_configuration(server_config: SftpConfig) -> None:
    shown = repr(server_config)
    assert not [secret for secret in ("PRIVATE", "s3cret", "hunter2") if secret in shown]


@pytest.fixture
def server_config() -> SftpConfig:
    """A configuration with every secret set."""
    text = key(which=1).export_private_key().decode()
    return SftpConfig("host", key=text, passphrase="s3cret", password="hunter2")


async def test_the_fastest_cipher_is_chosen_where_the_server_has_it(sshd: OpenSsh, server: AsyncsshServer) -> None:
    for config in (sshd.config(), server.config()):
        endpoint = SftpEndpoint("acme", config)
        await endpoint.list(Place("."))
        connection: Any = endpoint._session._connection
        assert connection.get_extra_info("send_cipher") == "aes128-gcm@openssh.com"
        await endpoint.close()


@pytest.mark.parametrize(("host", "words"), [("127.0.0.1", "nothing listens"), ("no-such-host.invalid", "not known")])
async def test_a_host_that_does_not_answer_is_unavailable(host: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words) as unavailable:
        await enter(SftpConfig(host, free_port(), "contoso"))
    assert unavailable.value.remedy
    assert not unavailable.value.unclear


async def test_ping_tells_host_key_and_login_apart(sshd: OpenSsh) -> None:
    unknown_key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    untrusted = await SftpEndpoint("acme", sshd.config(host_keys=()), folders=("/",)).ping()
    assert [(check.what, check.ok) for check in untrusted] == [("host key", False)]
    assert public(sshd.host_keys["ed25519"]) in untrusted[0].remedy

    not_let_in = await SftpEndpoint("acme", sshd.config(key=unknown_key), folders=("/",)).ping()
    assert [(check.what, check.ok) for check in not_let_in] == [("host key", True), ("login", False)]
    assert sshd.host_keys["ed25519"].get_fingerprint() in not_let_in[0].sentence
    assert "installed our public key" in not_let_in[1].remedy

    nobody = await SftpEndpoint("acme", SftpConfig("127.0.0.1", free_port()), folders=("/",)).ping()
    assert [(check.what, check.ok, "nothing listens" in check.sentence) for check in nobody] == [
        ("host key", False, True)
    ]


OLD = """
Ciphers aes256-cbc
KexAlgorithms diffie-hellman-group-exchange-sha1
"""


@pytest.mark.filterwarnings("ignore:Diffie-Hellman")
async def test_an_old_server_is_reached_by_the_weak_algorithms_of_the_settings_alone(tmp_path: Path) -> None:
    with openssh(tmp_path, more=OLD) as server:
        with pytest.raises(EndpointError):
            await enter(server.config())
        with pytest.raises(EndpointError):
            await enter(server.config(ciphers=("aes256-cbc",)))
        await enter(server.config(ciphers=("aes256-cbc",), kex=("diffie-hellman-group-exchange-sha1",)))


def test_what_the_settings_allow_is_known_to_the_library_and_not_asked_for_by_itself() -> None:
    fields = {name: field.annotation for name, field in Algorithms.model_fields.items()}
    ciphers, kex, host_keys = ([*get_args(get_args(fields[name])[0])] for name in ("ciphers", "kex", "host_keys"))
    assert {name.encode() for name in ciphers} <= set(get_encryption_algs()) - set(get_default_encryption_algs())
    assert {name.encode() for name in kex} <= set(get_kex_algs())
    assert {name.encode() for name in host_keys} <= set(get_public_key_algs()) - set(get_default_public_key_algs())


async def test_a_login_has_its_own_limit(tmp_path: Path) -> None:
    async with asyncssh_server(tmp_path) as server:
        config = server.config(connect_timeout=0.001, login_timeout=30.0)
        await enter(config)
