"""Settings for a real academy. It refuses to start on a missing or unsafe value and names it."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from academy.settings.base import *  # noqa: F403
from academy.settings.base import database_from
from academy.settings.environment import env


def required(name: str, *, why: str) -> str:
    """Return the value of the environment variable ``name``.

    Raises:
        ImproperlyConfigured: the variable is missing or empty; the message names it and says why it matters.
    """
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {why}")
    return value


def judged(name: str, value: str, *, why: str) -> str:
    """Return the secret ``value`` if nobody can guess it.

    Raises:
        ImproperlyConfigured: it is short, uniform, or one that stands in public sources.
    """
    published = ("development-only", "test-only", "django-insecure")
    if len(value) < 50 or len(set(value)) < 10 or any(mark in value for mark in published):
        raise ImproperlyConfigured(f"{name} is unsafe: use at least 50 random characters. {why}")
    return value


def secret(name: str, *, why: str) -> str:
    """Return a secret of at least 50 characters with at least 10 different ones.

    Raises:
        ImproperlyConfigured: it is missing or unsafe.
    """
    return judged(name, required(name, why=why), why=why)


DEBUG = False
if env.bool("DEBUG", default=False):
    raise ImproperlyConfigured("DEBUG is on. A production academy must not show its inside: remove DEBUG.")

SECRET_KEY = secret("SECRET_KEY", why="It signs sessions, links and check-in codes.")
SECRET_KEY_FALLBACKS = [
    judged("SECRET_KEY_FALLBACKS", key, why="Old keys are accepted as the present one is.")
    for key in env.list("SECRET_KEY_FALLBACKS", default=[])
]
IDENTITY_PEPPER = secret("IDENTITY_PEPPER", why="It salts the digests of identity numbers.")
if IDENTITY_PEPPER == SECRET_KEY:
    raise ImproperlyConfigured(
        "IDENTITY_PEPPER is unsafe: it must differ from SECRET_KEY, which may have to be changed one day."
    )
DATABASES = {
    "default": database_from(required("DATABASE_URL", why="For example postgres://academy:…@db/academy."))
}
ALLOWED_HOSTS = [host.strip() for host in env.list("ALLOWED_HOSTS", default=[]) if host.strip()]
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is missing or holds '*'. Name the host names of the academy, separated by commas."
    )
SITE_URL = required(
    "SITE_URL", why="For example https://academy.example.cn; it stands in messages and QR codes."
)
if urlsplit(SITE_URL).scheme != "https" or not urlsplit(SITE_URL).hostname:
    raise ImproperlyConfigured("SITE_URL must begin with https:// and a host: phones send passwords to it.")
if urlsplit(SITE_URL).path.strip("/"):
    raise ImproperlyConfigured("SITE_URL must be the address of the site alone, without a path.")
WAGTAILADMIN_BASE_URL = SITE_URL.rstrip("/")
CSRF_TRUSTED_ORIGINS = [WAGTAILADMIN_BASE_URL]
if not env.bool("SECOND_FACTOR_REQUIRED_FOR_STAFF", default=True):
    raise ImproperlyConfigured(
        "SECOND_FACTOR_REQUIRED_FOR_STAFF is off. Staff see membership data and must use a second factor."
    )
SECOND_FACTOR_REQUIRED_FOR_STAFF = True

SECURE_SSL_REDIRECT = True
# The proxy in front ends TLS and says so; it must strip this header from what browsers send.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://localhost:25")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"academy@{ALLOWED_HOSTS[0].lstrip('.')}")
