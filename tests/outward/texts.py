"""A deal's order as the partner sends it: the body of an 850 or of ORDERS, read by the product as any other."""

from __future__ import annotations

from datetime import date

from d365edi.documents import PurchaseOrder
from tests.maps import wire, wire_edifact
from tests.outward.deals import ORDERED, Allowance, Bought, Deal, Standard, plain


def order(deal: Deal, standard: Standard) -> PurchaseOrder:
    """The order of a deal as the product reads it from its bytes."""
    if standard == "X12":
        version = deal.version or "004010"
        reading = wire.plain("850", version)[0].read(wire.report("850", _x12(deal), version))
    else:
        version = deal.version or "D96A"
        message = wire_edifact.report("ORDERS", _edifact(deal), wire_edifact.DIRECTORIES[version])
        reading = wire_edifact.plain("ORDERS", version)[0].read(message)
    assert isinstance(reading.document, PurchaseOrder), reading.findings
    assert [str(each) for each in (*reading.findings, *reading.unmapped)] == []
    return reading.document


def _x12(deal: Deal) -> list[str]:
    body = [f"BEG*00*SA*{deal.number}**{ORDERED:%Y%m%d}", "CUR*BY*USD", "REF*IA*0078123", *_sac(deal.allowance)]
    body.append("ITD*01*3*****30")
    body += [f"DTM*{kind}*{day:%Y%m%d}" for kind, day in (("010", deal.ship), ("002", deal.deliver)) if day]
    body += ["N1*BY*EXAMPLE RETAIL CO*92*1000", "N1*ST*EXAMPLE DC 7*92*0007"]
    for line in deal.lines:
        ids = "".join(f"*{kind}*{id}" for kind, id in (("EN", line.gtin), ("BP", line.buyer)) if id)
        body.append(f"PO1*{line.number}*{plain(line.quantity)}*{line.unit}*{plain(line.price)}*{line.basis}{ids}")
        body += _sac(line.allowance)
        body += _sdq(line)
        body += [f"DTM*002*{line.deliver:%Y%m%d}"] if line.deliver else []
    return [*body, f"CTT*{len(deal.lines)}"]


def _sac(said: Allowance | None) -> list[str]:
    """An allowance off the price: its percentage, or its cents."""
    if said is None:
        return []
    if said.percent is not None:
        return [f"SAC*A*{said.code}****6*{plain(said.percent)}*****02"]
    assert said.amount is not None
    return [f"SAC*A*{said.code}***{plain(said.amount * 100)}*******02"]


def _sdq(line: Bought) -> list[str]:
    """What each store gets, ten stores a segment."""
    tens = [line.stores[start : start + 10] for start in range(0, len(line.stores), 10)]
    return [f"SDQ*{line.unit}*92" + "".join(f"*{store}*{plain(many)}" for store, many in ten) for ten in tens]


def _edifact(deal: Deal) -> list[str]:
    body = [f"BGM+220+{deal.number}+9", _day("137", ORDERED)]
    body += [_day(kind, day) for kind, day in (("10", deal.ship), ("2", deal.deliver)) if day]
    body += ["NAD+BY+5412345000013::9", "NAD+SU+4012345500004::9", "NAD+DP+5412345000020::9", "CUX+2:USD:9"]
    body += _alc(deal.allowance)
    for place, line in enumerate(deal.lines, 1):
        body.append(f"LIN+{line.number or place}++{line.gtin}:EN" if line.gtin else f"LIN+{line.number or place}")
        body += [f"PIA+1+{line.buyer}:IN"] if line.buyer else []
        body.append(f"QTY+21:{plain(line.quantity)}:{line.unit}")
        body += [_day("2", line.deliver)] if line.deliver else []
        body.append(f"PRI+AAA:{plain(line.price)}{_per(line)}")
        body += [
            part for store, many in line.stores for part in (f"LOC+7+{store}::92", f"QTY+11:{plain(many)}:{line.unit}")
        ]
        body += _alc(line.allowance)
    return [*body, "UNS+S", f"CNT+2:{len(deal.lines)}"]


def _alc(said: Allowance | None) -> list[str]:
    """An allowance: its step of the calculation, its percentage or its amount."""
    if said is None:
        return []
    return [f"ALC+A++2+1+{said.code}", f"PCD+3:{said.percent}" if said.percent is not None else f"MOA+8:{said.amount}"]


def _per(line: Bought) -> str:
    return f":::{line.per}:{line.unit}" if line.per != 1 else ""


def _day(kind: str, day: date) -> str:
    return f"DTM+{kind}:{day:%Y%m%d}:102"
