"""All settings, from the environment; `.env.example` documents every variable."""

import sys
from datetime import timedelta
from pathlib import Path

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from common.embedded import database_url
from common.logs import PROCESSORS, SHARED_PROCESSORS
from loyalty import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))

# WHERE WE RUN

ENVIRONMENT = env.text("STAMKUND_ENV", "development")
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured("STAMKUND_ENV must be development or production.")
PRODUCTION = ENVIRONMENT == "production"
TESTING = "pytest" in sys.modules
DEBUG = env.flag("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off in production.")

DEVELOPMENT_KEY = "development-only-key-that-production-refuses-to-start-with"
SECRET_KEY = env.text("SECRET_KEY") or ("" if PRODUCTION else DEVELOPMENT_KEY)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Keys the blind indexes of phone numbers and e-mail addresses (see common.blind).
# Apart from SECRET_KEY, so that one can be changed without the other.
BLIND_INDEX_KEY = env.text("BLIND_INDEX_KEY") or (
    "" if PRODUCTION else "development-only-blind-index-key-0123456789"
)
if PRODUCTION:
    for _name, _key in (
        ("SECRET_KEY", SECRET_KEY),
        ("BLIND_INDEX_KEY", BLIND_INDEX_KEY),
    ):
        if len(_key) < 50 or len(set(_key)) < 10 or "development-only" in _key:
            raise ImproperlyConfigured(
                f"{_name} must be a random text of at least 50 characters in "
                "production. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(64))"'
            )

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "*")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
# Where members reach the club; used in links that leave the house by SMS.
PUBLIC_URL = env.text(
    "PUBLIC_URL", f"http://127.0.0.1:{env.number('PORT', default=8000)}"
)
# How many proxies in front of us add an address to X-Forwarded-For.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=0)

# Demo accounts may sign in without a second factor; never in production.
DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR = env.flag(
    "DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR", default=not PRODUCTION
)
if PRODUCTION and DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR:
    raise ImproperlyConfigured(
        "DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR must be off in production."
    )
# The phone and e-mail simulator at /dev/outbox.
MESSAGE_SIMULATOR = env.flag("MESSAGE_SIMULATOR", default=not PRODUCTION)
if PRODUCTION and MESSAGE_SIMULATOR:
    raise ImproperlyConfigured("MESSAGE_SIMULATOR must be off in production.")
MESSAGE_TRANSPORTS = {
    "SMS": env.text("SMS_TRANSPORT", "" if PRODUCTION else "simulator"),
    "EMAIL": env.text("EMAIL_TRANSPORT", "" if PRODUCTION else "simulator"),
}
# When somebody who has not finished the registration is reminded, and erased.
UNFINISHED_REMIND_DAYS = env.number("UNFINISHED_REMIND_DAYS", default=3)
UNFINISHED_ERASE_DAYS = env.number("UNFINISHED_ERASE_DAYS", default=30)
# RETENTION: where erasures are written outside the database, how long a silent member
# has after the last message, and from how many rows on a person looks first.
ERASURE_JOURNAL = Path(
    env.text("STAMKUND_ERASURE_JOURNAL", str(VAR_DIR / "erasures.jsonl"))
)
INACTIVE_GRACE_DAYS = env.number("INACTIVE_GRACE_DAYS", default=14)
RETENTION_HOLD_ROWS = env.number("RETENTION_HOLD_ROWS", default=1000)
# Hours after which the authority must know of a breach: 72 (GDPR art. 33(1)), unless
# the law comes to allow more.
BREACH_DEADLINE_HOURS = env.number("BREACH_DEADLINE_HOURS", default=72)
# For how long points cannot be used after a member's number or address has changed.
CONTACT_HOLD_HOURS = env.number("CONTACT_HOLD_HOURS", default=24)
# So many days before its last one a member is told of a voucher.
VOUCHER_REMIND_DAYS = env.number("VOUCHER_REMIND_DAYS", default=7)
# Parts of SMS with codes and links that the club sends in a day at most: what fraud
# may cost. With the price of a part it may be given as money, in the club's currency.
SMS_PER_DAY = env.number("SMS_PER_DAY", default=2000)
SMS_SPEND_PER_DAY = env.amount("SMS_SPEND_PER_DAY", default="0")
SMS_PART_PRICE = env.amount("SMS_PART_PRICE", default="0")
SMS_HTTP_URL = env.text("SMS_HTTP_URL")
SMS_HTTP_TOKEN = env.text("SMS_HTTP_TOKEN")
# What members answer: the number that it goes to, and who may bring it to us.
SMS_REPLY_NUMBER = env.text("SMS_REPLY_NUMBER")
SMS_INBOUND = env.words("SMS_INBOUND")
SMS_INBOUND_TOKEN = env.text("SMS_INBOUND_TOKEN")
SMS_INBOUND_SECRET = env.text("SMS_INBOUND_SECRET")
TWILIO_AUTH_TOKEN = env.text("TWILIO_AUTH_TOKEN")
ELKS_INBOUND_LOGIN = env.text("ELKS_INBOUND_LOGIN")
ELKS_INBOUND_ADDRESSES = env.words("ELKS_INBOUND_ADDRESSES")
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", default=587 if PRODUCTION else 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=PRODUCTION)
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "no-reply@localhost")

# APPS: the ladder of docs/architecture.md, top first (a test holds the order).

ROOMS = [
    "loyalty",
    "portal",
    "till",
    "conversation",
    "campaigns",
    "purchases",
    "enrolment",
    "offers",
    "points",
    "messaging",
    "consent",
    "members",
    "stores",
    "common",
]
INSTALLED_APPS = [
    *ROOMS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "django_tables2",
    "django_filters",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "common.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.ContentPolicyMiddleware",
    "common.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "common.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "common.ui.toasts.ToastMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "stores.middleware.AccessMiddleware",
]

# Who may open which URL; a URL that is not in the table is closed.
ACCESS_TABLE = "loyalty.access.TABLE"
ACCESS_GUARDS = {
    "device": "till.guards.device",
    "till": "till.guards.till",
    "member": "portal.guards.member",
}
SECOND_FACTOR_GUARD = "stores.guards.second_factor"

ROOT_URLCONF = "loyalty.urls"
WSGI_APPLICATION = "loyalty.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # cotton and template-partials each rewrite this setting and undo the
            # other, so their loaders are written by hand.
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "common.context.shell",
                "stores.context.programme",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# DATABASE

if PRODUCTION and not env.text("DATABASE_URL"):
    raise ImproperlyConfigured("DATABASE_URL must name the database in production.")
DATABASE_URL = env.text("DATABASE_URL") or database_url(BASE_DIR)
DATABASES = {
    "default": {
        **env.database(DATABASE_URL),
        "CONN_MAX_AGE": env.number("DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# SIGN-IN OF STAFF

AUTH_USER_MODEL = "stores.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": (
            "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"
        )
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "stores.adapters.StaffAccountAdapter"
MFA_ADAPTER = "stores.adapters.StaffMFAAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Stamkund"

# SESSIONS, COOKIES, HEADERS

SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "common.views.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    # The API answers plain HTTP with an error instead: a redirect would hide that
    # a key has already crossed the wire in the open.
    SECURE_REDIRECT_EXEMPT = [r"^api/", r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "frame-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# LANGUAGE AND TIME

LANGUAGE_CODE = "sv"
LANGUAGES = [("sv", _("Swedish")), ("da", _("Danish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["loyalty.formats"]

# STATIC FILES

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if TESTING or DEBUG
            else "common.static.ManifestStorage"
        )
    },
}
MEDIA_ROOT = VAR_DIR / "media"
# Files with members to import: private, seen by web and worker, deleted when done.
IMPORT_DIR = VAR_DIR / "imports"
IMPORT_MAX_MB = env.number("IMPORT_MAX_MB", default=300)
WHITENOISE_USE_FINDERS = TESTING or DEBUG
# Source maps are for debugging and take most of the minute that brotli would need.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]

# CACHES: nothing that must be right lives here (limits that cost money are rows).

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "common_cache",
    }
}
if env.text("REDIS_URL"):
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("REDIS_URL"),
    }
if TESTING:
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

# QUEUE: a task only wakes a batch worker; what is to be done stands in our own rows.

Q_CLUSTER = {
    "name": "stamkund",
    "workers": env.number("WORKERS", default=2),
    "queue_limit": env.number("WORKERS", default=2),
    "timeout": 300,
    # At least three times the timeout: the clock starts at the claim.
    "retry": 1000,
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": 100,
    "catch_up": False,
    "label": "Tasks",
    "sync": TESTING,
    "poll": 0.5,
    # Workers that read a large file do it in a process of its own.
    "daemonize_workers": False,
}
if env.text("REDIS_URL"):
    Q_CLUSTER["redis"] = env.text("REDIS_URL")
else:
    # On purpose in the same database: enqueueing is part of the transaction.
    Q_CLUSTER["orm"] = "default"

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["stores.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["stores.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stamkund API",
    "VERSION": "1",
    "DESCRIPTION": (
        "For tills, e-commerce and other systems. Every error is a problem detail "
        "(RFC 9457) with a stable `code`, a JSON `pointer` and a `request_id`. Every "
        "change can be sent again without doing it twice: it takes an "
        "`Idempotency-Key`, but for an event, whose name and id do the same."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {"MeasureEnum": ["spend", "points", "visits", "actions"]},
}

# LOGS: JSON lines without personal data (common.logs redacts what slips through).

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": SHARED_PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR" if TESTING else "NOTSET"},
        "django.server": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=PROCESSORS,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=not TESTING,
)

SILENCED_SYSTEM_CHECKS: list[str] = []
