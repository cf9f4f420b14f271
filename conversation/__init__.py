"""What people write to us, and a conversation that can make them members.

Owns: `Conversation`, `InboundMessage`, the channels' webhooks.
May import: campaigns, enrolment, points, messaging, consent, members, stores, common
    (not portal and till, its siblings).
Public verbs: `services.receive`, `services.close_lapsed`, `channels.register`.
Invariants: a message counts once, however often it is delivered; a yes is taken only
    as the answer to the question that was sent before it, with the text that was in
    it; STOP ends every permission by SMS, at any time.
"""
