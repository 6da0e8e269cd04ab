"""Settings for a developer's machine and for ``make demo``: nothing to prepare, safe on loopback only."""

from academy.settings.base import *  # noqa: F403
from academy.settings.base import BASE_DIR, STORAGES
from academy.settings.environment import env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="development-only-key-that-no-real-academy-may-use-0123456789")
IDENTITY_PEPPER = env.str("IDENTITY_PEPPER", default="development-only-pepper")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# The printed demo sign-ins have no authenticator; production always asks staff for one.
SECOND_FACTOR_REQUIRED_FOR_STAFF = env.bool("SECOND_FACTOR_REQUIRED_FOR_STAFF", default=False)
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
WHITENOISE_USE_FINDERS = True
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
(BASE_DIR / "var" / "static").mkdir(parents=True, exist_ok=True)
