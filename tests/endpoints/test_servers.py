"""The servers of the tests themselves."""

from __future__ import annotations

import pytest

from tests.servers import openssh


def test_without_sshd_the_tests_fail_and_name_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(pytest.fail.Exception, match="install the package openssh-server"):
        openssh.program("/nonexistent")
