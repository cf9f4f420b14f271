"""The authorisation table: URL name, audience, and roles by method.

A URL that is not here is closed to everybody, and a test fails for it. The test also
calls every URL as every role with every method and compares the answer with this table.
"""

from stores.access import ANYONE, Access, api, desk, device, member, public, till
from stores.roles import Role

# Who works at a till.
_AT_TILL = (Role.STORE_STAFF, Role.STORE_MANAGER, Role.OWNER)

# Who sees the people and devices of a store; a store manager those of their own.
_RUN_A_STORE = (Role.OWNER, Role.STORE_MANAGER)
_OWNER = (Role.OWNER,)
_MAKE_POSTERS = (*_RUN_A_STORE, Role.MARKETER)
_AUDITORS = (Role.OWNER, Role.DATA_PROTECTION_OFFICER)

# Who sees members at the desk, who may have their details in the open or in a file,
# and who may change them.
_EDIT_MEMBERS = (Role.OWNER, Role.CUSTOMER_SERVICE)
_EXPORT_MEMBERS = (*_EDIT_MEMBERS, Role.DATA_PROTECTION_OFFICER)
_SEE_MEMBERS = (*_EXPORT_MEMBERS, Role.MARKETER)
# Who takes over an existing club, and who sees what was taken over.
_IMPORT = (Role.OWNER, Role.MARKETER)
_SEE_IMPORTS = (*_IMPORT, Role.DATA_PROTECTION_OFFICER)
# Who sees what the club owes in points, and whether the ledger adds up.
_SEE_BOOKS = (Role.OWNER, Role.ANALYST, Role.MARKETER)

TABLE: dict[str, Access] = {
    "home": desk(ANYONE),
    "healthz": public("GET"),
    "readyz": public("GET"),
    # common: the UI kit
    "common:search": desk(ANYONE),
    "common:theme": public("POST"),
    "common:language": public("POST"),
    "common:brand": public("GET"),
    "common:styleguide": desk(ANYONE),
    "common:styleguide-progress": desk(ANYONE),
    "common:styleguide-table": desk(ANYONE),
    "common:styleguide-toast": desk(post=ANYONE),
    # stores: signing in, and one's own account
    "account_login": public("GET", "POST"),
    "account_logout": public("GET", "POST"),
    "account_inactive": public("GET"),
    "mfa_authenticate": public("GET", "POST"),
    "stores:invitation": public("GET", "POST"),
    "account_reauthenticate": desk(ANYONE, ANYONE),
    "account_change_password": desk(ANYONE, ANYONE),
    "mfa_index": desk(ANYONE),
    "mfa_reauthenticate": desk(ANYONE, ANYONE),
    "mfa_activate_totp": desk(ANYONE, ANYONE),
    "mfa_deactivate_totp": desk(ANYONE, ANYONE),
    "mfa_view_recovery_codes": desk(ANYONE),
    "mfa_generate_recovery_codes": desk(ANYONE, ANYONE),
    "mfa_download_recovery_codes": desk(ANYONE),
    "stores:account": desk(ANYONE),
    "stores:account-pin": desk(ANYONE, ANYONE),
    # stores: people, places, devices, keys, the audit trail
    "stores:staff-list": desk(_RUN_A_STORE),
    "stores:staff-invite": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-detail": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-pin": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-pin-clear": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-link": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-deactivate": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-reactivate": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:staff-second-factor": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:store-list": desk((*_RUN_A_STORE, Role.ANALYST)),
    "stores:store-add": desk(_OWNER, _OWNER),
    "stores:store-detail": desk((*_RUN_A_STORE, Role.ANALYST)),
    "stores:store-edit": desk(_OWNER, _OWNER),
    "stores:till-add": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:till-edit": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:device-list": desk(_RUN_A_STORE),
    "stores:device-add": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:device-code": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:device-revoke": desk(_RUN_A_STORE, _RUN_A_STORE),
    "stores:key-list": desk(_OWNER),
    "stores:key-add": desk(_OWNER, _OWNER),
    "stores:key-rotate": desk(_OWNER, _OWNER),
    "stores:key-revoke": desk(_OWNER, _OWNER),
    "stores:audit-list": desk(_AUDITORS),
    "stores:audit-check": desk(post=_AUDITORS),
    # members: at the desk; store staff find them at the till, one by one
    "members:member-list": desk(_SEE_MEMBERS),
    "members:member-export": desk(_EXPORT_MEMBERS, _EXPORT_MEMBERS),
    "members:member-detail": desk(_SEE_MEMBERS),
    "members:timeline-panel": desk(_SEE_MEMBERS),
    "members:contact-panel": desk(_SEE_MEMBERS),
    "members:member-reveal": desk(post=_EXPORT_MEMBERS),
    "members:member-edit": desk(_EDIT_MEMBERS, _EDIT_MEMBERS),
    # enrolment: an existing club is imported
    "importing:import-list": desk(_SEE_IMPORTS),
    "importing:import-new": desk(_IMPORT, _IMPORT),
    "importing:import-detail": desk(_SEE_IMPORTS),
    "importing:import-file": desk(_IMPORT, _IMPORT),
    "importing:import-columns": desk(_IMPORT, _IMPORT),
    "importing:import-progress": desk(_SEE_IMPORTS),
    "importing:import-rows": desk(_SEE_IMPORTS),
    "importing:import-refused": desk(post=_IMPORT),
    "importing:import-start": desk(post=_IMPORT),
    "importing:import-pause": desk(post=_IMPORT),
    "importing:import-resume": desk(post=_IMPORT),
    "importing:import-cancel": desk(post=_IMPORT),
    "members:member-merge": desk(_EDIT_MEMBERS, _EDIT_MEMBERS),
    "members:identifiers-panel": desk(_SEE_MEMBERS),
    "members:identifier-end": desk(_EDIT_MEMBERS, _EDIT_MEMBERS),
    "members:card-add": desk(_EDIT_MEMBERS, _EDIT_MEMBERS),
    "members:card-replace": desk(_EDIT_MEMBERS, _EDIT_MEMBERS),
    "members:card-print": desk(_EDIT_MEMBERS),
    "members:duplicate-list": desk(_EXPORT_MEMBERS),
    "members:duplicate-detail": desk(_EXPORT_MEMBERS),
    "members:duplicate-merge": desk(post=_EDIT_MEMBERS),
    "members:duplicate-dismiss": desk(post=_EDIT_MEMBERS),
    "members:duplicate-reopen": desk(post=_EDIT_MEMBERS),
    "members:duplicate-reveal": desk(post=_EXPORT_MEMBERS),
    "members:merge-list": desk(_EXPORT_MEMBERS),
    "members:merge-undo": desk(_EDIT_MEMBERS, _EDIT_MEMBERS),
    # till
    "till:enrol": public("GET", "POST"),
    "till:staff": device("GET"),
    "till:pin": device("GET", "POST"),
    "till:lock": device("POST"),
    "till:home": till(_AT_TILL),
    "till:find": till(post=_AT_TILL),
    "till:register": till(post=_AT_TILL),
    "till:resend": till(post=_AT_TILL),
    "till:prove": till(post=_AT_TILL),
    "till:name": till(_RUN_A_STORE, _RUN_A_STORE),
    "till:choose": till(post=_RUN_A_STORE),
    # portal
    "portal:sign-in": public("GET", "POST"),
    "portal:sign-in-code": public("GET", "POST"),
    "portal:second-proof": public("GET", "POST"),
    "portal:second-code": public("POST"),
    "portal:new-number": public("GET", "POST"),
    "portal:new-number-done": public("GET"),
    "portal:change-undo": public("GET", "POST"),
    "portal:change-undone": public("GET"),
    "portal:left": public("GET"),
    "portal:manifest": public("GET"),
    "portal:icon": public("GET"),
    "portal:icon-maskable": public("GET"),
    "portal:sign-out": member("POST"),
    "portal:home": member("GET"),
    "portal:card": member("GET"),
    "portal:card-qr": member("GET"),
    "portal:receipts": member("GET"),
    "portal:receipt": member("GET"),
    "portal:choices": member("GET", "POST"),
    "portal:me": member("GET"),
    "portal:details": member("GET", "POST"),
    "portal:email-confirm": member("POST"),
    "portal:email-code": member("GET", "POST"),
    "portal:help": member("GET"),
    "portal:step-up": member("GET", "POST"),
    "portal:step-up-code": member("GET", "POST"),
    "portal:phone-change": member("GET", "POST"),
    "portal:email-change": member("GET", "POST"),
    "portal:contact-code": member("GET", "POST"),
    "portal:identifiers": member("GET"),
    "portal:card-lost": member("GET", "POST"),
    "portal:other-card-lost": member("GET", "POST"),
    "portal:timeline": member("GET"),
    "portal:devices": member("GET"),
    "portal:device-end": member("POST"),
    "portal:devices-end": member("POST"),
    "portal:leave": member("GET", "POST"),
    "portal:data": member("GET"),
    "portal:data-copy": member("GET", "POST"),
    "portal:data-ask": member("GET", "POST"),
    "portal:data-erase": member("GET", "POST"),
    "portal:data-keep": member("POST"),
    # Behind the link in the message: who lost the phone may have no other way in.
    "portal:erasure-undo": public("GET", "POST"),
    "portal:erasure-kept": public("GET"),
    # Behind the link in a marketing message.
    "portal:wishes": public("GET", "POST"),
    "portal:wishes-stop": public("GET", "POST"),
    # enrolment: a store's page, and what is behind the link in the SMS
    "enrolment:start": public("GET", "POST"),
    "enrolment:asked": public("GET"),
    "enrolment:asked-email": public("GET"),
    "enrolment:join": public("GET", "POST"),
    "enrolment:resend": public("POST"),
    "enrolment:sent": public("GET"),
    "enrolment:welcome": public("GET"),
    "enrolment:terms": public("GET"),
    # enrolment at the desk; a store manager sees the stores they run
    "enrolment:registrations": desk((*_MAKE_POSTERS, Role.ANALYST)),
    "enrolment:poster": desk(_MAKE_POSTERS),
    "enrolment:poster-file": desk(_MAKE_POSTERS),
    # messaging: the simulator, where settings allow it
    "messaging:outbox": public("GET"),
    # messaging: at the privacy desk
    "message-desk:message-list": desk(_AUDITORS),
    "message-desk:message-detail": desk(_AUDITORS),
    "message-desk:stop-list": desk(_AUDITORS),
    "message-desk:stops-panel": desk(_AUDITORS),
    "message-desk:withdrawal-list": desk(_AUDITORS),
    "message-desk:withdrawals-panel": desk(_AUDITORS),
    # conversation: providers prove themselves; texts are the same for everybody
    "conversation:hook": public("POST"),
    "conversation:text": public("GET"),
    "conversation:simulator-reply": public("POST"),
    # the API
    "api-schema": public("GET"),
    "api-docs": public("GET"),
    "api-problems": public("GET"),
    "api-purchases:receipts": api("POST"),
    "api-points:member-lookup": api("POST"),
    "api-enrolment:members": api("POST"),
    # consent: the data-protection officer's desk
    "privacy:overview": desk(_AUDITORS),
    "privacy:topic-list": desk(_SEE_IMPORTS),
    "privacy:topic-add": desk(_IMPORT, _IMPORT),
    "privacy:topic-edit": desk(_IMPORT, _IMPORT),
    "privacy:topic-move": desk(post=_IMPORT),
    "privacy:topic-retire": desk(_IMPORT, _IMPORT),
    "privacy:topic-return": desk(post=_IMPORT),
    "privacy:contact-policy": desk(_SEE_IMPORTS),
    "privacy:contact-policy-edit": desk(_AUDITORS, _AUDITORS),
    "privacy:contact-policy-sms-panel": desk(_SEE_IMPORTS),
    "privacy:contact-policy-email-panel": desk(_SEE_IMPORTS),
    # consent: a panel of the member's page
    "consent:permissions-panel": desk(_SEE_MEMBERS),
    "points:member-panel": desk(_SEE_MEMBERS),
    "points:member-ledger": desk(_SEE_MEMBERS),
    "points:liability": desk(_SEE_BOOKS),
    "points:month-close": desk(post=_OWNER),
    "points:assumption-add": desk(_OWNER, _OWNER),
    "points:proof": desk(_SEE_BOOKS),
    "points:proof-run": desk(post=_OWNER),
    "purchases:member-panel": desk(_SEE_MEMBERS),
    "consent:permission-withdraw": desk(post=_EXPORT_MEMBERS),
}
