"""The bare settings of the floors: Django's own sessions and users, and no middleware at all.

The database is opened exactly as the academy opens its own.
"""

from academy.settings.environment import database_from, env

SECRET_KEY = "floors-of-a-benchmark-on-loopback"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "tests.benchmarks.floors",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.benchmarks.floors.urls"
DATABASES = {"default": database_from(env.str("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True
