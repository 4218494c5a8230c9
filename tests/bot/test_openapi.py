"""The OpenAPI document says what is true: of the routes, of the shapes, of the errors, and to a machine that reads it."""

from __future__ import annotations

import json

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from benchmarks import fuzz
from promised import DOCUMENT, fits

from bot import errors, wire
from bot.web import api, app

OPERATIONS = [
    (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post")
]
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_the_document_is_openapi():
    """It holds against the schema of OpenAPI 3.1 itself, and every reference in it leads somewhere."""
    read = schemathesis.openapi.from_dict(DOCUMENT)
    read.validate()
    assert len([operation.ok() for operation in read.get_all_operations()]) == len(OPERATIONS)


async def test_every_route_is_documented(server):
    """Each route of the server stands in the document, and nothing that is not a route."""
    routes = {
        (route.resource.canonical, route.method.lower())
        for route in server.client.server.app.router.routes()
        if route.resource is not None
    }
    assert routes == {(path, method) for path, method, _ in OPERATIONS}


async def test_the_server_hands_it_out(server):
    """What `/openapi.json` answers is the document, to anybody."""
    assert (await server.ask("GET", "/openapi.json")).json == DOCUMENT


def test_every_operation_says_who_may_and_what_can_go_wrong():
    """Each has a name of its own and a summary; each of a shop's calls names 401, 403 and 404, each with a body 400 and 413."""
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)
    for path, _, operation in OPERATIONS:
        assert operation["summary"].endswith((".", "?"))
        statuses = set(operation["responses"])
        if path.startswith("/api/"):
            assert operation.get("security", DOCUMENT["security"]) == [{"token": []}]
            assert statuses >= {"401", "403", "404"}
        if "requestBody" in operation:
            assert statuses >= {"400", "408", "413", "415", "503"}


def test_every_error_has_the_one_shape():
    """Whatever is 4xx or 5xx in the document is `{"error":{"code","message"}}`."""
    named = DOCUMENT["components"]["responses"]
    for _, _, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            if status >= "400":
                content = named[response["$ref"].rpartition("/")[2]]["content"]
                assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


def test_every_code_is_documented():
    """The codes in the document are those that the program has, and no others."""

    def below(kind: type[errors.WireError]) -> set[str]:
        return {kind.code}.union(*(below(each) for each in kind.__subclasses__()))

    codes = below(errors.WireError) | set(app.CODES.values()) | {"internal"}
    assert codes == set(SCHEMAS["Error"]["properties"]["error"]["properties"]["code"]["enum"])


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        (wire._Created, "Message"),
        (wire._Recalled, "Recall"),
        (wire._Edited, "Edit"),
        (wire._Failed, "Undelivered"),
        (wire._Closed, "Close"),
        (wire._Assigned, "Assignment"),
        (wire._Order, "Order"),
        (api._Check, "CheckRequest"),
        (api._Reply, "ReplyRequest"),
        (api._Feedback, "FeedbackRequest"),
    ],
)
def test_every_field_is_documented(shape, name):
    """What the program reads of a body is what the document names, and it needs what the document requires."""
    fields = msgspec.structs.fields(shape)
    assert {field.encode_name for field in fields} == set(SCHEMAS[name]["properties"])
    assert {field.encode_name for field in fields if field.required} == set(SCHEMAS[name]["required"])


def test_every_event_type_is_documented():
    """The types that are not ignored are those that the document has a shape for."""
    unknown = SCHEMAS["UnknownEvent"]["properties"]["type"]["not"]["enum"]
    shapes = [
        SCHEMAS[entry["$ref"].rpartition("/")[2]]["properties"]["type"].get("const")
        for entry in SCHEMAS["Event"]["anyOf"]
    ]
    assert set(unknown) == set(wire._READERS) == set(shapes) - {None}


async def test_the_examples_work(server):
    """Each example of a request fits its schema, and the server takes it."""
    hook = DOCUMENT["paths"]["/webhook/{shop}"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in hook.values():
        for event in example["value"] if isinstance(example["value"], list) else [example["value"]]:
            fits(event, "Event", sealed=False)
        assert (await server.hear(example["value"])).status == 200
    for path, _, operation in OPERATIONS:
        if path.startswith("/api/") and "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            fits(content["example"], content["schema"]["$ref"].rpartition("/")[2])
            answer = await server.api(
                "POST", path.removeprefix("/api/shops/{shop}").replace("{conversation}", "c-1"), content["example"]
            )
            assert answer.status == 200
    stream = DOCUMENT["paths"]["/api/shops/{shop}/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    jsonschema_rs.validate(stream["schema"], stream["example"])
    assert json.loads(stream["example"].partition("data: ")[2])["type"] == "deadline.warning"


def test_a_machine_that_reads_the_document_finds_no_fault():
    """The real program, some seconds of schemathesis and of spoiled requests: no 5xx, nothing undocumented."""
    with fuzz.server() as target:
        drawn, wrong = fuzz.structured(target, 4, seed=1)
        counts, odd = fuzz.wild(target, 1, seed=1)
        problems = [*wrong, *odd, *target.problems()]
    assert problems == []
    assert drawn["schemathesis"] > 0
    assert counts["200"] > 20
    assert counts["400"] > 20
