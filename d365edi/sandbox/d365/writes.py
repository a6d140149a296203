"""A write: insert, update, delete, through the pipeline that every F&O row passes.

    body -> types -> unknown and server-owned names -> company -> references -> rules of the set -> key -> row

Knows: the pipeline. Does not know: HTTP, what a particular set demands (`rules`).
"""

from collections.abc import Mapping
from typing import Any

from . import dimensions, values
from .catalog import SetDefinition
from .query import CompanyScope
from .refusals import Refusal, exists, infolog, invalid, must_be_filled
from .rules import RULES, WriteRule, check_references
from .store import Record, fold
from .tenant import Tenant

_PLAIN = WriteRule()


def insert(tenant: Tenant, entity_set: SetDefinition, body: bytes, scope: CompanyScope) -> Record:
    """`POST Set`: the new row, complete with what the server assigned."""
    _refuse_read_only(entity_set)
    rule = RULES.get(entity_set.name, _PLAIN)
    given = _fields(entity_set, body)
    _refuse_server_fields(rule, given)
    row = {**tenant.store.tables[entity_set.name].blank, **given}
    if entity_set.of_company:
        row["dataAreaId"] = _company(tenant, entity_set, given, scope)
    names = frozenset(given)
    for name in entity_set.required:
        if not row[name]:
            raise must_be_filled(entity_set.entity, name)
    check_references(tenant, entity_set.entity, rule, row, names)
    dimensions.check(tenant, entity_set.entity, given)
    rule.insert(tenant, row, names)
    row |= {name: value for name, value in tenant.defaults.get(entity_set.name, {}).items() if name not in names}
    if rule.number:
        _number(tenant, entity_set, rule, row)
    if tenant.null_texts:
        row |= {name: None for name, value in row.items() if value == "" and name not in entity_set.keys}
    try:
        return tenant.store.insert(entity_set.name, row)
    except ValueError:
        raise exists(entity_set.entity, ", ".join(f"{key}: {row[key]}" for key in entity_set.keys)) from None


def update(tenant: Tenant, record: Record, body: bytes, if_match: str | None) -> None:
    """`PATCH Set(key)`: the fields named; keys in the body are tolerated when they say the same."""
    entity_set = record.set
    _refuse_read_only(entity_set)
    _refuse_stale(record, if_match)
    rule = RULES.get(entity_set.name, _PLAIN)
    given = _fields(entity_set, body)
    for key in entity_set.keys:
        if fold(given.pop(key, record.values[key])) != fold(record.values[key]):
            raise invalid(f"The key property '{key}' cannot be changed.")
    _refuse_server_fields(rule, given)
    row = {**record.values, **given}
    check_references(tenant, entity_set.entity, rule, row, frozenset(given))
    dimensions.check(tenant, entity_set.entity, given)
    rule.update(tenant, record, row)
    tenant.store.update(record, row)


def delete(tenant: Tenant, record: Record, if_match: str | None) -> None:
    """`DELETE Set(key)`."""
    _refuse_read_only(record.set)
    _refuse_stale(record, if_match)
    RULES.get(record.set.name, _PLAIN).delete(tenant, record)
    tenant.store.delete(record)


def _fields(entity_set: SetDefinition, body: bytes) -> dict[str, Any]:
    content = values.loads(body)
    if not isinstance(content, dict):
        raise invalid("The request body must be one JSON object.")
    given = {}
    for name, value in content.items():
        if "@" in name:
            continue
        if name not in entity_set.fields:
            raise invalid(
                f"The property '{name}' does not exist on type '{entity_set.edm_type}'. "
                "Make sure to only use property names that are defined by the type."
            )
        given[name] = values.from_json(entity_set, name, value)
    return given


def _refuse_read_only(entity_set: SetDefinition) -> None:
    if entity_set.read_only:
        raise infolog(entity_set.entity, f"Error: {entity_set.entity} is read-only")


def _refuse_server_fields(rule: WriteRule, given: Mapping[str, Any]) -> None:
    for name in sorted(rule.server & given.keys()):
        raise invalid(f"The property '{name}' is read-only and cannot be set.")


def _refuse_stale(record: Record, if_match: str | None) -> None:
    if if_match not in (None, "*", record.etag):
        raise Refusal(412, {"error": {"code": "", "message": "The record has been changed by another request."}})


def _company(tenant: Tenant, entity_set: SetDefinition, given: Mapping[str, Any], scope: CompanyScope) -> str:
    asked = given.get("dataAreaId") or scope.default
    for company in tenant.companies:
        if fold(company) == fold(asked) and fold(company) in scope.companies:
            return company
    raise infolog(entity_set.entity, f"Error: Company {asked} does not exist or you have no access to it")


def _number(tenant: Tenant, entity_set: SetDefinition, rule: WriteRule, row: dict[str, Any]) -> None:
    name = rule.number
    if not row[name]:
        row[name] = tenant.sequences.get(name, rule.sequence).format(tenant.number(row["dataAreaId"], name))
    elif not tenant.manual_numbers:
        raise infolog(
            entity_set.entity,
            f"Warning: {name} {row[name]} must not be filled in: the number sequence does not allow manual numbers.",
            f"Warning: validateField failed on field '{entity_set.entity}.{name}'",
        )
