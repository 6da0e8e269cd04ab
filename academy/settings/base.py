"""Settings that every environment shares. Values that differ come from environment variables."""

from csp.constants import NONCE, SELF
from django.utils.translation import gettext_lazy as _

from academy.settings.environment import BASE_DIR, database_from, env, gateway_from, origins_of

# --- What the academy is made of ---------------------------------------------------------------

INSTALLED_APPS = [
    "academy",
    "practicum",
    "courses",
    "enrollment",
    "cms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "enrollment.users_app.AcademyUsersConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_q",
    "django_htmx",
    "template_partials",
    "django_vite",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
]

# Only what a request needs. Wagtail's redirects answer on 404 alone.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "enrollment.middleware.ContentSecurityPolicyMiddleware",
    "enrollment.middleware.SessionMiddleware",
    "enrollment.middleware.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "enrollment.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "enrollment.middleware.SignInMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "academy.urls"
WSGI_APPLICATION = "academy.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data --------------------------------------------------------------------------------------

DATABASES = {
    "default": database_from(
        env.str("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'var' / 'academy.sqlite3'}")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "academy",
            "OPTIONS": {"MAX_ENTRIES": 5000},
        }
    )
}

# One queue: rows in the database, claimed by `manage.py qcluster`; see docs/adr/0001.
Q_CLUSTER = {
    "name": "academy",
    "orm": "default",
    "workers": env.int("QUEUE_WORKERS", default=1),
    "timeout": 1800,
    # A task that was not acknowledged within `retry` seconds (its worker was killed) is given out again.
    "retry": 2100,
    "max_attempts": 3,
    # A task that raised is given out again as well, `max_attempts` times in all.
    "ack_failures": False,
    "save_limit": 1000,
    "catch_up": False,
    "poll": 1,
    "bulk": 1,
    "label": _("Background work"),
}

MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
MEDIA_URL = "/media/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "frontend" / "dist" / "manifest.json",
        "static_url_prefix": "",
    }
}

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
WAGTAIL_CONTENT_LANGUAGES = [("zh-hans", "简体中文")]
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
# The second holds Chinese for what Wagtail itself leaves in English.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "wagtail"]
TIME_ZONE = "Asia/Shanghai"
WAGTAIL_USER_TIME_ZONES = ["Asia/Shanghai"]
USE_I18N = True
USE_TZ = True

# --- People and sign-in (domain §7) ----------------------------------------------------------------

AUTH_USER_MODEL = "enrollment.User"
AUTHENTICATION_BACKENDS = ["enrollment.authentication.UsernameOrPhoneBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "phone", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "enrollment.authentication.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {
    "login": "enrollment.forms_accounts.SignInForm",
    "reauthenticate": "enrollment.forms_accounts.PasswordAgainForm",
    "change_password": "enrollment.forms_accounts.ChangePasswordForm",
}
# The lock-out lives on the user row, where every server process sees it; see enrollment/rules/sign_in.py.
# allauth's limits count in each process's own cache, and by address: a whole class signs in from one.
ACCOUNT_RATE_LIMITS = False
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_ADAPTER = "enrollment.authentication.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "enrollment.forms_accounts.SecondFactorForm",
    "reauthenticate": "enrollment.forms_accounts.SecondFactorAgainForm",
    "activate_totp": "enrollment.forms_accounts.ActivateSecondFactorForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# The clock of a phone may be half a minute off.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "两新组织党建学院"
SECOND_FACTOR_REQUIRED_FOR_STAFF = env.bool("SECOND_FACTOR_REQUIRED_FOR_STAFF", default=True)

SESSION_ENGINE = "enrollment.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
IDLE_TIMEOUT_MINUTES = 30
IDLE_TIMEOUT_MINUTES_STAFF = 15
LOCKOUT_FAILURES = 5
LOCKOUT_MINUTES = 15
INVITATION_DAYS = 14
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

IDENTITY_PEPPER = env.str("IDENTITY_PEPPER", default="")

# --- Messages: gateways over HTTP; off without an address ------------------------------------------------

SMS = gateway_from("SMS")
WECOM = gateway_from("WECOM")

# --- Wagtail ------------------------------------------------------------------------------------

WAGTAIL_SITE_NAME = "“两新”组织党建学院"
WAGTAILADMIN_BASE_URL = env.str("SITE_URL", default="http://localhost:8000")
# Not straight to the sign-in page: who is signed in but may not enter gets a plain refusal there.
WAGTAILADMIN_LOGIN_URL = "/admin/login/"
WAGTAIL_FRONTEND_LOGIN_URL = "/accounts/login/"
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_WORKFLOW_ENABLED = True
WAGTAIL_ALLOW_UNICODE_SLUGS = False
WAGTAIL_AUTO_UPDATE_PREVIEW = True
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILIMAGES_IMAGE_MODEL = "cms.AcademyImage"
WAGTAILDOCS_DOCUMENT_MODEL = "cms.AcademyDocument"
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 20 * 1024 * 1024
WAGTAILDOCS_DOCUMENT_FORM_BASE = "cms.document_form.CheckedDocumentForm"
WAGTAILDOCS_EXTENSIONS = ["pdf", "docx", "pptx", "xlsx", "txt", "zip", "mp3", "m4a", "ogg", "wav"]
WAGTAILSEARCH_BACKENDS = {
    "default": {"BACKEND": "cms.search", "AUTO_UPDATE": True},
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Maps ------------------------------------------------------------------------------------------

# "https://tiles.example/{z}/{x}/{y}.png"; without it, maps show our own drawing of parks and bases.
MAP_TILES_URL = env.str("MAP_TILES_URL", default="")
MAP_TILES_ATTRIBUTION = env.str("MAP_TILES_ATTRIBUTION", default="")
MAP_TILES_MAX_ZOOM = env.int("MAP_TILES_MAX_ZOOM", default=18)

# --- Security headers ---------------------------------------------------------------------------

# Where a frame of our own is wanted (previews), the view says so; the policy below allows it.
X_FRAME_OPTIONS = "DENY"
# Scripts get the token from the page, not from the cookie.
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *origins_of(MAP_TILES_URL)],
        "media-src": [SELF, "blob:"],
        # FullCalendar carries its styles in an element of its own, with the nonce.
        "style-src": [SELF, NONCE],
        # Chart.js and Leaflet place their elements with style attributes.
        "style-src-attr": ["'unsafe-inline'"],
        "script-src": [SELF, NONCE],
        # FullCalendar carries its arrows as a font within its styles.
        "font-src": [SELF, "data:"],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}
# Wagtail's widgets start themselves with inline scripts and styles; still nothing may load from elsewhere.
CONTENT_SECURITY_POLICY_ADMIN = {
    "DIRECTIVES": {
        **CONTENT_SECURITY_POLICY["DIRECTIVES"],
        "script-src": [SELF, "'unsafe-inline'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "font-src": [SELF, "data:"],
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Every indexed object would otherwise write four lines.
    "loggers": {
        "django_tasks": {"level": "WARNING"},
        "wagtail": {"level": "WARNING"},
        # Every step of every document, and every table of a font.
        "weasyprint.progress": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
