"""What this room hands to others when the house starts."""

from django.core.checks import register as register_check

from conversation import answers, privacy, retention, selectors
from conversation.channels import register_line, register_provider
from conversation.channels.elks import Elks
from conversation.channels.generic import Generic
from conversation.channels.sms import SmsLine
from conversation.channels.twilio import Twilio
from conversation.checks import providers_are_protected
from conversation.models import Conversation, InboundMessage
from conversation.rules import Say
from members import merge_registry
from messaging import two_way


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    register_line(SmsLine())
    for provider in (Elks, Twilio, Generic):
        register_provider(provider.name, provider)
    answers.register()
    for say in Say:
        # All of them, so that a phone keeps the conversation together.
        two_way.expect_answer(answers.kind_of(say))
    two_way.register_replies(
        url_name="conversation:simulator-reply", find=selectors.written_from
    )
    privacy.register_all()
    retention.register_all()
    merge_registry.register_handed_on(Conversation)
    merge_registry.register_handed_on(InboundMessage)
    register_check(providers_are_protected)
