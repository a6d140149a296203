"""The tenant's description of itself (`GET /data/$metadata`), as the service writes it: CSDL XML of its sets, types and enums.

Knows: the catalog, what this tenant does not publish. Does not know: HTTP.
"""

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from .catalog import NAMESPACE, SetDefinition, load
from .tenant import Tenant

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">'
    f'<edmx:DataServices><Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
_TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"


def write(tenant: Tenant) -> bytes:
    """The XML of what this tenant has: without its `hidden` sets, and without the fields and members that it is `without`."""
    return "".join((_HEAD, *_types(tenant), *_enums(tenant), *_container(tenant), _TAIL)).encode()


def _sets(tenant: Tenant) -> list[SetDefinition]:
    return [each for name, each in load().sets.items() if name not in tenant.hidden]


def _types(tenant: Tenant) -> Iterator[str]:
    for each in _sets(tenant):
        yield f"<EntityType Name={quoteattr(each.type)}><Key>"
        yield from (f"<PropertyRef Name={quoteattr(key)}/>" for key in each.keys)
        yield "</Key>"
        for name, kind in each.fields.items():
            if f"{each.name}.{name}" not in tenant.without:
                full = kind if kind.startswith("Edm.") else f"{NAMESPACE}.{kind}"
                yield f"<Property Name={quoteattr(name)} Type={quoteattr(full)}/>"
        yield "</EntityType>"


def _enums(tenant: Tenant) -> Iterator[str]:
    for name, members in load().enums.items():
        yield f"<EnumType Name={quoteattr(name)}>"
        for number, member in enumerate(members):
            if f"{name}.{member}" not in tenant.without:
                yield f'<Member Name={quoteattr(member)} Value="{number}"/>'
        yield "</EnumType>"


def _container(tenant: Tenant) -> Iterator[str]:
    yield '<EntityContainer Name="Resources">'
    for each in _sets(tenant):
        yield f"<EntitySet Name={quoteattr(each.name)} EntityType={quoteattr(each.edm_type)}/>"
    yield "</EntityContainer>"
