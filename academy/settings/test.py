"""Settings for tests: quick hashing, mail in memory, files in a temporary folder."""

import os
import tempfile

from academy.settings.base import *  # noqa: F403
from academy.settings.base import BASE_DIR, STORAGES, database_from
from academy.settings.environment import env

DEBUG = False
SECRET_KEY = "test-only-key-0123456789-0123456789-0123456789-0123456789"
IDENTITY_PEPPER = "test-only-pepper"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SECOND_FACTOR_REQUIRED_FOR_STAFF = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = os.path.join(tempfile.gettempdir(), f"academy-test-media-{os.getuid()}")
WHITENOISE_USE_FINDERS = True
# Otherwise every client of a test first reads the names of all static files.
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATABASES = {
    "default": database_from(
        env.str("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'test.sqlite3'}")
    )
}
# Run background tasks in the caller: a test then sees their result.
Q_CLUSTER = {"name": "academy-test", "orm": "default", "sync": True, "workers": 1, "timeout": 60, "retry": 90}
(BASE_DIR / "var" / "static").mkdir(parents=True, exist_ok=True)
