"""Large, valid 850s, 810s and EDIFACT ORDERS for the figures: one interchange, as many sets as reach a size. Content is
invented.

python -m tests.bench.generate 850 200M FILE
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

WORDS = ("STEEL", "BLUE", "OAK", "LARGE", "COTTON", "WIDGET", "HINGE", "LAMP", "CABLE", "MUG")
UNITS = ("EA", "CA", "DZ")


def _gtin(chance: random.Random) -> str:
    digits = [chance.randrange(10) for _ in range(11)]
    return "".join(map(str, digits)) + str(-(sum(digits[0::2]) * 3 + sum(digits[1::2])) % 10)


def _date(chance: random.Random) -> str:
    return f"2026{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"


def _party(chance: random.Random, code: str) -> list[str]:
    return [
        f"N1*{code}*{chance.choice(WORDS)} STORES*92*{chance.randrange(10**6, 10**7)}",
        f"N3*{chance.randrange(1, 9999)} MAIN ST",
        "N4*AUSTIN*TX*78701*US",
    ]


def _order(chance: random.Random) -> list[str]:
    lines, total = chance.randrange(15, 26), 0
    body = [
        f"BEG*00*SA*PO{chance.randrange(10**8, 10**9)}**{_date(chance)}",
        "CUR*BY*USD",
        f"REF*DP*{chance.randrange(100, 999)}",
        f"PER*BD*BUYER*TE*{chance.randrange(10**9, 10**10)}",
        "FOB*CC*OR*FREIGHT COLLECT",
        "ITD*01*3*2**10**30",
        f"DTM*010*{_date(chance)}",
        "TD5*O*2*UPSN*M*GROUND",
        *_party(chance, "BY"),
        *_party(chance, "ST"),
    ]
    for number in range(1, lines + 1):
        quantity = chance.randrange(1, 500)
        total += quantity
        body.append(
            f"PO1*{number}*{quantity}*{chance.choice(UNITS)}*{chance.randrange(1, 500)}.{chance.randrange(1, 10)}*PE"
            f"*UP*{_gtin(chance)}*VN*V{chance.randrange(10**5, 10**6)}*IN*{chance.randrange(10**6, 10**7)}"
        )
        body.append(f"PID*F****{chance.choice(WORDS)} {chance.choice(WORDS)}")
        body.append(f"PO4*{chance.choice((1, 6, 12))}*{chance.randrange(1, 20)}*EA")
    return [*body, f"CTT*{lines}*{total}"]


def _invoice(chance: random.Random) -> list[str]:
    lines, total, amount = chance.randrange(15, 26), 0, 0
    body = [
        f"BIG*{_date(chance)}*INV{chance.randrange(10**7, 10**8)}*{_date(chance)}*PO{chance.randrange(10**8, 10**9)}***DI",
        "CUR*SE*USD",
        f"REF*DP*{chance.randrange(100, 999)}",
        *_party(chance, "BT"),
        *_party(chance, "ST"),
        "ITD*01*3*2**10**30",
        f"DTM*011*{_date(chance)}",
        "FOB*CC",
    ]
    for number in range(1, lines + 1):
        quantity, cents = chance.randrange(1, 500), chance.randrange(100, 50000)
        total, amount = total + quantity, amount + quantity * cents
        price = f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")
        body.append(
            f"IT1*{number}*{quantity}*{chance.choice(UNITS)}*{price}*PE*UP*{_gtin(chance)}*VN*V{chance.randrange(10**5, 10**6)}"
        )
        body.append(f"PID*F****{chance.choice(WORDS)} {chance.choice(WORDS)}")
    return [*body, f"TDS*{amount}", f"CTT*{lines}*{total}"]


def _orders(chance: random.Random) -> list[str]:
    lines = chance.randrange(15, 26)
    body = [
        f"BGM+220+PO{chance.randrange(10**8, 10**9)}+9",
        f"DTM+137:{_date(chance)}:102",
        f"DTM+2:{_date(chance)}:102",
        f"FTX+AAI+++DELIVER TO DOCK {chance.randrange(1, 40)} ?+ CALL",
        f"RFF+CT:{chance.randrange(10**5, 10**6)}",
    ]
    for role in ("BY", "SU", "DP"):
        street = f"{chance.randrange(1, 9999)} MAIN ST"
        body.append(f"NAD+{role}+0{_gtin(chance)}::9++{chance.choice(WORDS)} STORES+{street}+AUSTIN+TX+78701+US")
    body.append("CUX+2:EUR:9")
    for number in range(1, lines + 1):
        quantity, cents = chance.randrange(1, 500), chance.randrange(100, 50000)
        price = f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")
        inches = " 5?'8" if number % 10 == 0 else ""
        body += [
            f"LIN+{number}++0{_gtin(chance)}:EN",
            f"PIA+1+V{chance.randrange(10**5, 10**6)}:SA",
            f"IMD+F++:::{chance.choice(WORDS)} {chance.choice(WORDS)}{inches}",
            f"QTY+21:{quantity}:PCE",
            f"PRI+AAA:{price}",
        ]
    return [*body, "UNS+S", f"CNT+2:{lines}"]


MAKERS = {"850": ("PO", _order), "810": ("IN", _invoice)}


def chunks(kind: str, size: int, version: str = "004010", seed: int = 1) -> Iterator[bytes]:
    """The file in pieces of one transaction set; at least `size` bytes in all."""
    if kind == "ORDERS":
        yield from _edifact(size, random.Random(seed))
        return
    functional_id, make = MAKERS[kind]
    chance, count, written = random.Random(seed), 0, 0
    interchange, repetition = ("00501", "^") if version.startswith("005") else ("00401", "U")
    yield (
        f"ISA*00*          *00*          *ZZ*{'SENDERID':<15}*ZZ*{'RECEIVERID':<15}*261102*1200*{repetition}*{interchange}"
        f"*000000001*0*P*>~GS*{functional_id}*SENDER*RECEIVER*20261102*1200*1*X*{version}~"
    ).encode()
    while written < size:
        count += 1
        body = make(chance)
        sets = [f"ST*{kind}*{count:04d}", *body, f"SE*{len(body) + 2}*{count:04d}", ""]
        data = "~".join(sets).encode()
        written += len(data)
        yield data
    yield f"GE*{count}*1~IEA*1*000000001~".encode()


def _edifact(size: int, chance: random.Random) -> Iterator[bytes]:
    count, written = 0, 0
    yield b"UNA:+.? 'UNB+UNOC:3+5412345000013:14+4012345000009:14+261102:1200+1'"
    while written < size:
        count += 1
        body = _orders(chance)
        data = "'".join([f"UNH+{count}+ORDERS:D:96A:UN", *body, f"UNT+{len(body) + 2}+{count}", ""]).encode()
        written += len(data)
        yield data
    yield f"UNZ+{count}+1'".encode()


def parse_size(text: str) -> int:
    """`200M`, `64K` or plain bytes."""
    factor = {"M": 1 << 20, "K": 1 << 10}.get(text[-1].upper(), 0)
    return int(float(text[:-1]) * factor) if factor else int(text)


if __name__ == "__main__":
    with Path(sys.argv[3]).open("wb") as file:
        for piece in chunks(sys.argv[1], parse_size(sys.argv[2])):
            file.write(piece)
