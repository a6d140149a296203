"""What an API client may look up beside mailboxes: users, routing rules, partners of Sterling File Gateway, the calls there are.

Knows: the resources of the reference. Does not know: HTTP, logins.
"""

from functools import partial
from typing import Any

from .refusals import Refusal, forbidden, no_page, not_found
from .requests import Request
from .server import Answer, Routes, Server, ok

NO_GATEWAY = "java.lang.NoClassDefFoundError: com/sterlingcommerce/filegateway/Partner"


def read_user(server: Server, request: Request) -> Answer:
    """One user with its permissions; refused by the switch `accounts`."""
    if server.switches.accounts == "refused":
        forbidden("user accounts")
    user = server.users.named.get(request.id)
    if user is None:
        not_found(f"user account {request.id}")
    permissions = ["APIUser"] if user.api else []
    permissions += ["Mailbox Add Message", "UI Admin"] if user.administrator else []
    groups = ["MailboxAdministrators", "Sterling B2B Integrator Admin"] if user.administrator else ["Mailbox Users"]
    row = {
        "_id": user.name,
        "userId": user.name,
        "authenticationType": {"code": "Local", "display": "Local"},
        "groups": [{"name": name} for name in groups],
        "permissions": [{"name": name} for name in permissions],
    }
    return ok(row)


def list_rules(server: Server, request: Request) -> Answer:
    """The routing rules, with the mailboxes that they watch."""
    request.knows({"searchFor"})
    wanted = request.query.get("searchFor", "")
    rows: list[dict[str, Any]] = [
        {
            "_id": rule.name,
            "name": rule.name,
            "action": rule.action,
            "actionType": "bp",
            "evaluationMode": {"code": "automatic", "display": "Automatically"},
            "mailboxes": [{"name": rule.path}],
            "messageNamePattern": rule.pattern,
            "runRuleAs": "admin",
        }
        for rule in server.rules
        if wanted in rule.name
    ]
    return Answer(200, server.listing(request, [partial(dict, row) for row in rows]))


def list_partners(server: Server, request: Request) -> Answer:
    """The partners of Sterling File Gateway; without it, the exception that the server answers."""
    request.knows({"searchFor"})
    if server.partners is None:
        raise Refusal(400, NO_GATEWAY)
    wanted = request.query.get("searchFor", "")
    found = [{"partnerName": name, "username": name, "community": "all"} for name in server.partners if wanted in name]
    return Answer(200, server.listing(request, [partial(dict, row) for row in found]))


def described(server: Server, routes: Routes) -> Answer:
    """The calls that there are, as Swagger 2.0, where the switch `doc` says that they are served."""
    if not server.switches.doc:
        no_page("doc")
    paths: dict[str, dict[str, Any]] = {}
    for method, collection, kind in routes:
        path = {"*": f"/{collection}/", "id": f"/{collection}/{{id}}"}.get(kind, f"/{collection}/{{id}}/actions/{kind}")
        paths.setdefault(path, {})[method.lower()] = {
            "responses": {"200": {}, "400": {}, "401": {}, "403": {}, "404": {}}
        }
    return ok({"swagger": "2.0", "info": {"title": "Product"}, "basePath": "/B2BAPIs/svc", "paths": paths})


ROUTES: Routes = {
    ("GET", "useraccounts", "id"): read_user,
    ("GET", "routingrules", "*"): list_rules,
    ("GET", "tradingpartners", "*"): list_partners,
}
"""What answers them."""
