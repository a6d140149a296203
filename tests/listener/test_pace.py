"""How much an address may ask for."""

from __future__ import annotations

import pytest

from d365edi.listener.pace import ADDRESSES, Pace, network


def test_a_burst_is_served_at_once_and_then_so_many_a_second() -> None:
    now = [100.0]
    pace = Pace(2.0, 3.0, lambda: now[0])
    assert [pace.wait("a") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]  # what is refused does not count
    assert pace.wait("b") == 0
    now[0] += 0.5
    assert [pace.wait("a") for _ in range(2)] == [0, 0.5]
    now[0] += 60
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_who_may_wait_is_served_in_turn_up_to_his_patience() -> None:
    pace = Pace(2.0, 1.0, lambda: 100.0)
    assert [pace.wait("a", most=1.0) for _ in range(5)] == [0, 0.5, 1.0, 1.5, 1.5]


def test_so_many_addresses_are_remembered_and_no_more() -> None:
    pace = Pace(1.0, 1.0, lambda: 100.0)
    for n in range(ADDRESSES + 1):
        assert pace.wait(f"10.0.{n // 256}.{n % 256}") == 0
    assert (pace.wait("10.0.0.0"), pace.wait("10.0.0.2")) == (0, 1)


@pytest.mark.parametrize(
    ("address", "of"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_who_has_one_address_of_ipv6_has_all_of_its_network(address: str, of: str) -> None:
    assert network(address) == of
