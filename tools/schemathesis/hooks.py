"""What schemathesis cannot know of a description."""

import json

import schemathesis

HEADER = "TARGET-ORGANIZATION-ID"


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """A line for each element of an array; anything else is one line."""
    elements = value if isinstance(value, list) else [value]
    return "".join(json.dumps(element) + "\n" for element in elements).encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets the header alone name the organization where the query names one too, and changes the
    settings of organization 2: other requests rest on the keys of organization 1."""
    query, header = case.query or {}, text(case.headers.get(HEADER))
    if header.isdigit() and text(query.get("organization")).isdigit():
        del query["organization"]
    named = {text(query.get("organization")), header}
    if case.operation.label == "PUT /v1/organization" and named <= {"", "1"}:
        query.pop("organization", None)
        case.headers[HEADER] = "2"


def text(value):
    return "" if value is None else str(value)
