"""The only way out: every message is a row here before it leaves.

Owns: `Message`, the templates, the transports, the service notices.
May import: consent, members, stores, common (not points, its sibling).
Public verbs: `services.queue_message`, `services.send_due`, `notices.register`.
Invariants: nothing is sent that the consent gate did not allow, and the gate's answer
    is stored with the message; a dedupe key sends once; a message whose fate is
    unknown after a crash is never sent again by itself unless it is a service message.
"""
