"""Large, valid 850s, 810s and EDIFACT ORDERS for the figures: one interchange, as many sets as reach a size. Content is
invented, and made anew from a seed.

    python -m tests.bench.generate 850 200M FILE [--seed 1] [--lines N] [--ten-words]

As in real traffic hardly anything repeats: descriptions are drawn from 20,000 words, orders have between 1 and 80 lines, and
each set has its own choice of optional segments in its own order. `--ten-words` gives the opposite, ten words and one shape:
an engine that remembers what it saw before looks much faster on it, so no figure is taken from it.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

TEN_WORDS = ("STEEL", "BLUE", "OAK", "LARGE", "COTTON", "WIDGET", "HINGE", "LAMP", "CABLE", "MUG")
STREETS = ("ST", "AVE", "PKWY", "BLVD", "RD")
PLACES = (("AUSTIN", "TX", "787"), ("BOISE", "ID", "837"), ("TAMPA", "FL", "336"), ("SALEM", "MA", "019"))
LETTERS = "BCDFGHJKLMNPRSTVWXZ"


def vocabulary(size: int = 20_000) -> tuple[str, ...]:
    """So many different words of 3 to 11 letters that can be pronounced; the same at every call."""
    chance = random.Random(size)
    made: dict[str, None] = {}
    while len(made) < size:
        syllables = (chance.choice(LETTERS) + chance.choice("AEIOU") for _ in range(chance.randrange(1, 5)))
        made["".join((*syllables, chance.choice(LETTERS)))] = None
    return tuple(made)


class Draw:
    """What is drawn by chance for one file. With ten words, every optional segment is there, in one order."""

    def __init__(self, seed: int, lines: int = 0, *, ten_words: bool = False) -> None:
        self.chance = random.Random(seed)
        self.below = self.chance.randrange
        self.varied = not ten_words
        self.vocabulary = vocabulary() if self.varied else TEN_WORDS
        self.fixed_lines = lines

    def lines(self) -> int:
        """How many lines the next order has: few have many."""
        if self.fixed_lines:
            return self.fixed_lines
        return int(80 ** self.chance.random()) if self.varied else self.below(15, 26)

    def sometimes(self, share: float) -> bool:
        """True in this share of the calls."""
        return not self.varied or self.chance.random() < share

    def some(self, groups: Sequence[list[str]], share: float = 0.6, first: int = 0) -> list[str]:
        """The segments of some of the groups, in any order; the first ones always."""
        chosen = [group for at, group in enumerate(groups) if at < first or self.sometimes(share)]
        if self.varied:
            self.chance.shuffle(chosen)
        return [segment for group in chosen for segment in group]

    def words(self, most: int = 5) -> str:
        """A text of two words or more."""
        return " ".join(self.chance.choices(self.vocabulary, k=self.below(2, most + 1) if self.varied else 2))

    def digits(self, count: int) -> str:
        """A number of so many digits, none of them leading zeros."""
        return str(self.below(10 ** (count - 1), 10**count))

    def gtin(self) -> str:
        """Twelve digits, the last of them the check digit."""
        digits = f"{self.below(10**11):011d}"
        return digits + str(-(sum(map(int, digits[0::2])) * 3 + sum(map(int, digits[1::2]))) % 10)

    def part(self) -> str:
        """A supplier's article number."""
        shape = self.below(3) if self.varied else 0
        if shape == 0:
            return "V" + self.digits(6)
        return f"{self.chance.choice(LETTERS)}{self.digits(3)}-{self.digits(shape + 1)}{self.chance.choice(LETTERS)}"

    def date(self) -> str:
        """A day of 2026."""
        return f"2026{self.below(1, 13):02d}{self.below(1, 29):02d}"

    def street(self) -> str:
        """A house number and a street."""
        return f"{self.below(1, 9999)} {self.chance.choice(self.vocabulary)} {self.chance.choice(STREETS)}"


def money(cents: int) -> str:
    """An amount with a point, no trailing zeros."""
    return f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")


# -- X12 --------------------------------------------------------------------------------------------------------------


def _party(draw: Draw, code: str) -> list[str]:
    city, state, zip_code = draw.chance.choice(PLACES)
    loop = [f"N1*{code}*{draw.words(3)}*92*{draw.digits(7)}"]
    if draw.varied and draw.sometimes(0.2):
        loop.append(f"N2*{draw.words(3)}")
    if draw.sometimes(0.8):
        loop += [f"N3*{draw.street()}", f"N4*{city}*{state}*{zip_code}{draw.below(100):02d}*US"]
    return loop


def _references(draw: Draw) -> list[str]:
    return draw.some([[f"REF*DP*{draw.digits(3)}"], [f"REF*IA*{draw.digits(6)}"], [f"REF*CO*C{draw.digits(7)}"]])


def _article(draw: Draw) -> str:
    pairs = [("UP", draw.gtin()), ("VN", draw.part()), ("IN", draw.digits(7))]
    if draw.varied:
        draw.chance.shuffle(pairs)
        pairs = pairs[: draw.below(1, 4)]
    return "*".join(f"{qualifier}*{number}" for qualifier, number in pairs)


def _unit(draw: Draw) -> str:
    return draw.chance.choice(("EA", "CA", "DZ"))


def _order(draw: Draw) -> list[str]:
    count, total = draw.lines(), 0
    dates = [[f"DTM*010*{draw.date()}"], [f"DTM*002*{draw.date()}"], [f"DTM*001*{draw.date()}"]]
    body = [f"BEG*00*SA*PO{draw.digits(9)}**{draw.date()}", "CUR*BY*USD", *_references(draw)]
    body += [f"PER*BD*{draw.words(3)}*TE*{draw.digits(10)}"] if draw.sometimes(0.5) else []
    body += [f"FOB*CC*OR*{draw.words(3)}"] if draw.sometimes(0.5) else []
    body += [f"SAC*A*C310***{draw.digits(4)}*******02***{draw.words(3)}"] if draw.sometimes(0.2) else []
    body += [f"ITD*01*3*{draw.below(1, 5)}**10**{draw.below(20, 90)}"] if draw.sometimes(0.7) else []
    body += draw.some(dates, first=1)
    body += [f"TD5*O*2*{draw.chance.choice(draw.vocabulary)[:4]}*M*{draw.words(3)}"] if draw.sometimes(0.5) else []
    if draw.sometimes(0.4):
        body += [f"N9*L1*{draw.digits(4)}*{draw.words(3)}", *(f"MSG*{draw.words(9)}" for _ in range(draw.below(1, 4)))]
    body += draw.some([_party(draw, code) for code in ("BY", "ST", "BT", "VN")], 0.3, first=2)
    for number in range(1, count + 1):
        quantity = draw.below(1, 500)
        total += quantity
        price = money(draw.below(100, 50000))
        body.append(f"PO1*{number}*{quantity}*{_unit(draw)}*{price}*PE*{_article(draw)}")
        body += _order_line(draw)
    return [*body, f"CTT*{count}*{total}"]


def _order_line(draw: Draw) -> list[str]:
    line = [f"PID*F****{draw.words()}"] if draw.sometimes(0.9) else []
    line += [f"PID*F*73***{draw.words(2)}"] if draw.varied and draw.sometimes(0.2) else []
    line += [f"PO4*{draw.below(1, 25)}*{draw.below(1, 20)}*EA"] if draw.sometimes(0.5) else []
    if draw.varied:
        line += [f"REF*CO*{draw.part()}"] if draw.sometimes(0.2) else []
        line += [f"SAC*A*C310***{draw.digits(3)}*******02***{draw.words(3)}"] if draw.sometimes(0.15) else []
        line += [f"DTM*002*{draw.date()}"] if draw.sometimes(0.3) else []
    return line


def _invoice(draw: Draw) -> list[str]:
    count, total, cents = draw.lines(), 0, 0
    body = [f"BIG*{draw.date()}*INV{draw.digits(8)}*{draw.date()}*PO{draw.digits(9)}***DI", "CUR*SE*USD"]
    body += _references(draw)
    body += draw.some([_party(draw, code) for code in ("BT", "ST", "RI", "VN")], 0.3, first=2)
    body += [f"ITD*01*3*{draw.below(1, 5)}**10**{draw.below(20, 90)}"] if draw.sometimes(0.7) else []
    body += draw.some([[f"DTM*011*{draw.date()}"], [f"DTM*035*{draw.date()}"]], 0.4, first=1)
    body += ["FOB*CC"] if draw.sometimes(0.6) else []
    for number in range(1, count + 1):
        quantity, price = draw.below(1, 500), draw.below(100, 50000)
        total, cents = total + quantity, cents + quantity * price
        body.append(f"IT1*{number}*{quantity}*{_unit(draw)}*{money(price)}*PE*{_article(draw)}")
        body += [f"PID*F****{draw.words()}"] if draw.sometimes(0.9) else []
        if draw.varied:
            body += [f"PO4*{draw.below(1, 25)}*{draw.below(1, 20)}*EA"] if draw.sometimes(0.4) else []
            body += [f"REF*CO*{draw.part()}"] if draw.sometimes(0.2) else []
    tail = [f"CAD*M***UPSN*{draw.words(3)}**BM*{draw.digits(9)}"] if draw.varied and draw.sometimes(0.5) else []
    if draw.varied and draw.sometimes(0.4):
        charge = draw.below(100, 9999)
        cents += charge
        tail.append(f"SAC*C*D240***{charge}**********{draw.words(3)}")
    return [*body, f"TDS*{cents}", *tail, f"CTT*{count}*{total}"]


MAKERS = {"850": ("PO", _order), "810": ("IN", _invoice)}


def _x12(kind: str, size: int, draw: Draw, version: str) -> Iterator[bytes]:
    functional_id, make = MAKERS[kind]
    count, written = 0, 0
    interchange, repetition = ("00501", "^") if version.startswith("005") else ("00401", "U")
    yield (
        f"ISA*00*          *00*          *ZZ*{'SENDERID':<15}*ZZ*{'RECEIVERID':<15}*261102*1200*{repetition}*{interchange}"
        f"*000000001*0*P*>~GS*{functional_id}*SENDER*RECEIVER*20261102*1200*1*X*{version}~"
    ).encode()
    while written < size:
        count += 1
        body = make(draw)
        data = "~".join([f"ST*{kind}*{count:04d}", *body, f"SE*{len(body) + 2}*{count:04d}", ""]).encode()
        written += len(data)
        yield data
    yield f"GE*{count}*1~IEA*1*000000001~".encode()


# -- EDIFACT ----------------------------------------------------------------------------------------------------------


def _text(draw: Draw, most: int = 5) -> str:
    """Words, now and then with a letter that is not ASCII or a delimiter that must be released."""
    text = draw.words(most)[:34].strip()
    if draw.varied and draw.sometimes(0.02):
        text = text.replace("O", "Ö", 1)
    return f"{text[:28]} 5?'8" if draw.varied and draw.sometimes(0.04) else text


def _nad(draw: Draw, role: str) -> list[str]:
    city, state, zip_code = draw.chance.choice(PLACES)
    place = f"{draw.street()}+{city}+{state}+{zip_code}{draw.below(100):02d}+US"
    group = [
        f"NAD+{role}+0{draw.gtin()}::9++{_text(draw, 3)}+{place}"
        if draw.sometimes(0.8)
        else f"NAD+{role}+0{draw.gtin()}::9"
    ]
    if draw.varied and draw.sometimes(0.2):
        group += [f"CTA+OC+:{_text(draw, 3)}", f"COM+{draw.digits(10)}:TE"]
    return group


def _orders(draw: Draw) -> list[str]:
    count = draw.lines()
    dates = [[f"DTM+2:{draw.date()}:102"], [f"DTM+64:{draw.date()}:102"]]
    body = [f"BGM+220+PO{draw.digits(9)}+9", f"DTM+137:{draw.date()}:102", *draw.some(dates, 0.4, first=1)]
    body += [f"FTX+AAI+++{_text(draw, 3)} ?+ {_text(draw, 3)}"] if draw.sometimes(0.5) else []
    body += draw.some([[f"RFF+CT:{draw.digits(6)}"], [f"RFF+IA:{draw.digits(5)}"], [f"RFF+UC:{draw.digits(8)}"]])
    body += draw.some([_nad(draw, role) for role in ("BY", "SU", "DP", "IV")], 0.3, first=3)
    body.append("CUX+2:EUR:9")
    body += [f"TDT+20++30++{draw.digits(4)}"] if draw.varied and draw.sometimes(0.3) else []
    body += ["TOD+6++DAP"] if draw.varied and draw.sometimes(0.3) else []
    for number in range(1, count + 1):
        body += _orders_line(draw, number)
    return [*body, "UNS+S", f"CNT+2:{count}"]


def _orders_line(draw: Draw, number: int) -> list[str]:
    line = [f"LIN+{number}++0{draw.gtin()}:EN"]
    line += [f"PIA+1+{draw.part()}:SA" + (f"+{draw.digits(7)}:IN" if draw.varied and draw.sometimes(0.4) else "")]
    line += [f"IMD+F++:::{_text(draw)}"] if draw.sometimes(0.9) else []
    line += [f"IMD+C++:::{_text(draw, 2)}"] if draw.varied and draw.sometimes(0.15) else []
    quantities = [[f"QTY+21:{draw.below(1, 500)}:PCE"], [f"QTY+59:{draw.below(1, 25)}"]]
    line += draw.some(quantities if draw.varied else quantities[:1], 0.3, first=1)
    if draw.varied:
        line += [f"DTM+2:{draw.date()}:102"] if draw.sometimes(0.3) else []
        line += [f"FTX+AAI+++{_text(draw)}"] if draw.sometimes(0.1) else []
    line.append(f"PRI+AAA:{money(draw.below(100, 50000))}")
    line += [f"RFF+CT:{draw.digits(6)}"] if draw.varied and draw.sometimes(0.2) else []
    return line


def _edifact(size: int, draw: Draw) -> Iterator[bytes]:
    count, written = 0, 0
    yield b"UNA:+.? 'UNB+UNOC:3+5412345000013:14+4012345000009:14+261102:1200+1'"
    while written < size:
        count += 1
        body = _orders(draw)
        data = "'".join([f"UNH+{count}+ORDERS:D:96A:UN", *body, f"UNT+{len(body) + 2}+{count}", ""]).encode("latin-1")
        written += len(data)
        yield data
    yield f"UNZ+{count}+1'".encode()


# -- files ------------------------------------------------------------------------------------------------------------


def chunks(kind: str, size: int, draw: Draw, version: str = "004010") -> Iterator[bytes]:
    """The file in pieces of one transaction set; at least `size` bytes in all."""
    return _edifact(size, draw) if kind == "ORDERS" else _x12(kind, size, draw, version)


def parse_size(text: str) -> int:
    """`200M`, `64K` or plain bytes."""
    factor = {"M": 1 << 20, "K": 1 << 10}.get(text[-1].upper(), 0)
    return int(float(text[:-1]) * factor) if factor else int(text)


def main() -> None:
    """Write one file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kind", choices=[*MAKERS, "ORDERS"])
    options.add_argument("size", type=parse_size)
    options.add_argument("file", type=Path)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--lines", type=int, default=0, help="of each order, in place of any number")
    options.add_argument("--ten-words", action="store_true", help="text and shapes that repeat")
    given = options.parse_args()
    draw = Draw(given.seed, given.lines, ten_words=given.ten_words)
    with given.file.open("wb") as file:
        file.writelines(chunks(given.kind, given.size, draw))


if __name__ == "__main__":
    main()
