"""Registering as the OpenAPI document shows it. `enrolment.parsing` reads by hand."""

# ruff: noqa: N815 - fields are called what the contract calls them

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from common.documents import IDEMPOTENCY_KEY, problems
from enrolment import parsing


class ExternalIdDocument(serializers.Serializer[Any]):
    """What another system calls the person; finds the member from then on."""

    system = serializers.CharField(
        max_length=parsing.LONGEST_SYSTEM, help_text="Such as webshop."
    )
    id = serializers.CharField(max_length=parsing.LONGEST_ID)


class RegisterDocument(serializers.Serializer[Any]):
    """A person: mobile or email at least. Unknown fields are ignored."""

    mobile = serializers.CharField(
        required=False,
        max_length=40,
        help_text="As people write it: 070-174 06 05.",
    )
    email = serializers.CharField(required=False, max_length=parsing.LONGEST_EMAIL)
    firstName = serializers.CharField(required=False, max_length=parsing.LONGEST_NAME)
    lastName = serializers.CharField(required=False, max_length=parsing.LONGEST_NAME)
    birthday = serializers.DateField(
        required=False, help_text="Such as 1980-02-29; members are 16 or older."
    )
    postcode = serializers.CharField(
        required=False, max_length=parsing.LONGEST_POSTCODE
    )
    language = serializers.ChoiceField(
        choices=[code for code, _name in settings.LANGUAGES],
        required=False,
        help_text="The one we write in; else the club's.",
    )
    store = serializers.CharField(
        required=False,
        max_length=parsing.LONGEST_STORE,
        help_text="The store's code in Stamkund.",
    )
    externalId = ExternalIdDocument(required=False)
    sendLink = serializers.BooleanField(
        default=True,
        help_text=(
            "False: no link is sent, and there is no reminder; the member stays "
            "pending until one is asked for."
        ),
    )


class RegisteredDocument(serializers.Serializer[Any]):
    """Who it is now."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["PENDING", "ACTIVE", "LEFT", "BLOCKED"])
    registrationIncomplete = serializers.BooleanField(
        help_text="The person has not accepted the terms; purchases earn already."
    )
    linkSent = serializers.BooleanField(
        help_text=(
            "A link is on its way, or was a moment ago. False when none was wanted or "
            "needed, or no message may go now."
        )
    )


REGISTER_MEMBER: dict[str, Any] = {
    "operation_id": "registerMember",
    "summary": "Register a member",
    "description": (
        "Makes a pending member and sends the link that finishes the membership: 201. "
        "Somebody who is known with the same number, address and id, and of whom "
        "nothing sent contradicts what is known: 200. Anything else is a conflict: "
        "409, with the fields and without what they hold; nothing is changed. "
        "Consents are not taken here: a yes is the member's own act, behind the link."
    ),
    "tags": ["members"],
    "request": RegisterDocument,
    "parameters": [IDEMPOTENCY_KEY],
    "responses": {
        201: RegisteredDocument,
        200: RegisteredDocument,
        **problems(400, 401, 403, 409, 413, 415, 422),
    },
    "examples": [
        OpenApiExample(
            "By mobile number",
            request_only=True,
            value={"mobile": "070-174 06 05", "store": "101"},
        ),
        OpenApiExample(
            "A customer of the web shop",
            request_only=True,
            value={
                "mobile": "+46701740605",
                "email": "vera@example.se",
                "firstName": "Vera",
                "lastName": "Lindqvist",
                "birthday": "1980-02-29",
                "postcode": "753 20",
                "language": "sv",
                "externalId": {"system": "webshop", "id": "c-48211"},
                "sendLink": True,
            },
        ),
    ],
}
