"""What signing in and out leaves behind: the session's beginning, and audit entries.

Connected to the signals of Django and allauth, which are their way to tell; inside the
house nothing travels by signal.
"""

from datetime import datetime
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.auth import signals as auth_signals
from django.http import HttpRequest
from django.utils import timezone

from common import blind
from stores import audit, sessions
from stores.models import Staff


def connect() -> None:
    """Listen; called once, in `AppConfig.ready()`."""
    for signal, receiver in (
        (auth_signals.user_logged_in, _signed_in),
        (auth_signals.user_logged_out, _signed_out),
        (auth_signals.user_login_failed, _failed),
        (account_signals.password_changed, _password_changed),
        (mfa_signals.authentication_failed, _code_refused),
        (mfa_signals.authenticator_added, _factor_added),
        (mfa_signals.authenticator_removed, _factor_removed),
        (mfa_signals.authenticator_reset, _factor_reset),
    ):
        signal.connect(receiver, dispatch_uid=f"stores.sign_in.{receiver.__name__}")


def _signed_in(request: HttpRequest, user: Staff, **_: Any) -> None:
    now = _now()
    sessions.begin(request, now=now)
    _record(user, "sign_in.done", now)


def _signed_out(user: Staff | None, **_: Any) -> None:
    if user is not None:
        _record(user, "sign_out.done", _now())


def _failed(credentials: dict[str, Any], **_: Any) -> None:
    # Never the address as typed: people type passwords into the wrong field.
    typed = str(credentials.get("email") or credentials.get("username") or "")
    staff = Staff.objects.filter(email=typed.strip().lower()).first()
    audit.record(
        programme=staff.programme if staff else None,
        actor=None,
        action="sign_in.refused",
        now=_now(),
        subject=(
            f"staff:{staff.public_id}"
            if staff
            else f"unknown:{blind.index('sign-in', typed).hex()[:16]}"
        ),
    )


def _password_changed(user: Staff, **_: Any) -> None:
    _record(user, "password.changed", _now())


def _code_refused(user: Staff, **_: Any) -> None:
    audit.record(
        programme=user.programme,
        actor=None,
        action="sign_in.code_refused",
        now=_now(),
        subject=f"staff:{user.public_id}",
    )


def _factor_added(user: Staff, authenticator: Any, **_: Any) -> None:
    _record(user, "second_factor.added", _now(), authenticator)


def _factor_removed(user: Staff, authenticator: Any, **_: Any) -> None:
    _record(user, "second_factor.removed", _now(), authenticator)


def _factor_reset(user: Staff, authenticator: Any, **_: Any) -> None:
    _record(user, "second_factor.codes_renewed", _now(), authenticator)


def _record(
    staff: Staff, action: str, now: datetime, authenticator: Any = None
) -> None:
    audit.record(
        programme=staff.programme,
        actor=staff,
        action=action,
        now=now,
        subject=f"staff:{staff.public_id}",
        data={"type": authenticator.type} if authenticator else {},
    )


def _now() -> datetime:
    return timezone.now()  # noqa: TID251 - a signal brings no clock along
