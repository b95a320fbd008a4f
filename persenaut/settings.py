"""Persenaut's settings. Environments differ by variables alone: `.env.example` explains each of them."""

from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from ops import logs
from ops.database_config import database_settings
from ops.redis_config import redis_caches, redis_url
from persenaut.env import (
    env_bool,
    env_choice,
    env_float,
    env_int,
    env_list,
    env_rate,
    env_share,
    env_str,
    env_url,
    kept_secret,
    mail_server,
    read_dotenv,
)

BASE_DIR = Path(__file__).resolve().parent.parent
read_dotenv(BASE_DIR / env_str("DOTENV", ".env"))
DATA_DIR = Path(env_str("DATA_DIR", str(BASE_DIR / "var")))  # what the embedded default writes

DEBUG = env_bool("DEBUG", False)
HTTPS = env_bool("HTTPS", True)
SECRET_KEY = env_str("SECRET_KEY")
SECRET_KEY_IS_KEPT = not SECRET_KEY
SECRET_KEY = SECRET_KEY or kept_secret(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
ENVIRONMENT = env_str("ENVIRONMENT", "development" if DEBUG else "production")

INSTALLED_APPS = [
    "ops",
    "accounts",
    "metrics",
    "learning",
    "tutor",
    "ops.admin_config.StaffAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "ops.middleware.RequestMiddleware",
    "ops.tracing.TracingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ops.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ops.language.LanguageMiddleware",
    "ops.cors.CorsMiddleware",
    "ops.admin_only.AdminMiddleware",
]

ROOT_URLCONF = "persenaut.urls"
WSGI_APPLICATION = "persenaut.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database -----------------------------------------------------------------------------------------------------
DATABASE_URL = env_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'persenaut.sqlite3'}", ("mysql", "sqlite"))
DATABASE_REPLICA_URL = env_url("DATABASE_REPLICA_URL", "", ("mysql",))
DATABASE_STATEMENT_TIMEOUT = env_int("DATABASE_STATEMENT_TIMEOUT", 15)  # seconds, of a server; 0: none
DATABASES: dict[str, dict[str, Any]] = {"default": database_settings(DATABASE_URL, DATA_DIR)}
if DATABASE_REPLICA_URL:
    DATABASES["replica"] = database_settings(DATABASE_REPLICA_URL, DATA_DIR) | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["ops.routers.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache --------------------------------------------------------------------------------------------------------
REDIS_URL = redis_url()
CACHES: dict[str, dict[str, Any]]
if REDIS_URL:
    CACHES = redis_caches(REDIS_URL)
else:
    # Right in one process only; a system check refuses several workers on it.
    CACHES = {
        alias: {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": alias,
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
        for alias in ("default", "limits")
    }
WEB_CONCURRENCY = env_int("WEB_CONCURRENCY", 0)  # 0: as many as there are cores with Redis, else one

# --- Who is asking ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2Hasher",
    "accounts.hashers.FirstGenerationBcryptHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
TOKEN_LIFETIME = env_int("TOKEN_LIFETIME", 3600, minimum=60)  # seconds

# --- API ----------------------------------------------------------------------------------------------------------
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = env_int("MAX_BODY_BYTES", 256 * 1024, minimum=1024)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["ops.permissions.SignedIn"],
    "DEFAULT_PARSER_CLASSES": ["ops.json.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["ops.json.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "ops.openapi.schema.Schema",
    "EXCEPTION_HANDLER": "persenaut.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Persenaut",
    "DESCRIPTION": (BASE_DIR / "ops" / "openapi" / "guide.md").read_text(encoding="utf-8"),
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "TAGS": [
        {"name": "auth", "description": "Sign up, log in and out"},
        {"name": "user", "description": "The learner's own account"},
        {"name": "challenges", "description": "Questions: generated, delivered, answered, reported"},
        {"name": "intensive-review", "description": "Sessions of many questions on one theme"},
        {"name": "schedules", "description": "Standing orders for challenges"},
        {"name": "themes", "description": "What a learner has questions about"},
        {"name": "metrics", "description": "What the answers add up to"},
        {"name": "tutor", "description": "What to do next"},
    ],
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {
        "LevelName": "learning.words.Level",
        "LevelSpelling": "learning.serializers.LEVEL_SPELLINGS",
        "GameModeName": "learning.words.GameMode",
        "GameModeSpelling": "learning.serializers.GAME_MODE_SPELLINGS",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
EXPOSE_ANSWER_KEY = env_bool("EXPOSE_ANSWER_KEY", False)

# --- Limits: contract section 9 -----------------------------------------------------------------------------------
RATE_LIMITS = {
    name: env_rate(f"RATE_LIMIT_{name.upper()}", default)
    for name, default in {
        "auth": "5/15m",
        "api": "100/15m",
        "intensive": "20/1m",
        "ai": "10/1m",
        "tutor": "3/5m",
        "metrics": "30/1m",
        "answers": "120/1m",
        "global": "200/15m",
        "admin_lock": "10/1h",  # failed logins into the admin, of one account
    }.items()
}
SKIP_RATE_LIMIT = env_bool("SKIP_RATE_LIMIT", False)
RATELIMIT_USE_CACHE = "limits"
TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0)

# Said by ops.checks instead, which knows more:
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # we do send X-Frame-Options, by ops.headers (persenaut.E007)
    "security.W003",  # the CSRF middleware is Django's, kept to the admin (persenaut.E007)
    "admin.E408",  # so are those of sessions, users
    "admin.E409",  # and messages
    "admin.E410",
    "corsheaders.E013",  # what is an origin: persenaut.E002
    "corsheaders.E014",
]
if not REDIS_URL:  # one process needs no shared cache; several without Redis are persenaut.E001
    SILENCED_SYSTEM_CHECKS += ["django_ratelimit.E003", "django_ratelimit.W001"]

# --- Metrics for Prometheus ---------------------------------------------------------------------------------------
METRICS_TOKEN = env_str("METRICS_TOKEN")
METRICS_ALLOWED_NETWORKS = env_list("METRICS_ALLOWED_NETWORKS", ("127.0.0.0/8", "::1/128"))

# --- Errors and traces, to whoever collects them --------------------------------------------------------------------
SENTRY_DSN = env_url("SENTRY_DSN", "", ("http", "https"))
SENTRY_TRACES_SAMPLE_RATE = env_share("SENTRY_TRACES_SAMPLE_RATE", 0.0)
OTEL_EXPORTER_OTLP_ENDPOINT = env_url("OTEL_EXPORTER_OTLP_ENDPOINT", "", ("http", "https"))
OTEL_SERVICE_NAME = env_str("OTEL_SERVICE_NAME", "persenaut")

# --- Headers ------------------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^health$", r"^metrics$"]  # asked inside the network, by HTTP
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0  # one year
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
X_FRAME_OPTIONS = "DENY"
CROSS_ORIGIN_RESOURCE_POLICY = env_choice(
    "CROSS_ORIGIN_RESOURCE_POLICY", "same-origin", ("same-origin", "same-site", "cross-origin")
)
# For pages (admin, API documentation); API answers get ops.headers.API_POLICY.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
CORS_ALLOWED_ORIGINS = env_list("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "if-none-match", "x-request-id"]
CORS_EXPOSE_HEADERS = ["X-Request-ID", "X-Cache", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining"]
CORS_EXPOSE_HEADERS += ["RateLimit-Reset", "RateLimit-Policy", "ETag", "Server-Timing"]

# --- Mail ---------------------------------------------------------------------------------------------------------
_host = env_str("HOST", "127.0.0.1").strip("[]")
_own = f"http://{f'[{_host}]' if ':' in _host else _host}:{env_int('PORT', 8000)}"
PUBLIC_URL = env_url("PUBLIC_URL", _own, ("http", "https")).rstrip("/")  # of this server: links that end notifications
FRONTEND_URL = env_url("FRONTEND_URL", PUBLIC_URL, ("http", "https")).rstrip("/")  # of the client
_mail = mail_server(env_url("EMAIL_URL", "", ("smtp", "smtp+tls", "smtps")))
EMAIL_HOST = env_str("EMAIL_HOST", _mail.host)
EMAIL_PORT = env_int("EMAIL_PORT", _mail.port, minimum=1)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", _mail.user)
EMAIL_HOST_PASSWORD = env_str("EMAIL_HOST_PASSWORD", _mail.password)
# By port, as servers have it: 465 speaks TLS from the first byte, 587 once it was asked to.
EMAIL_USE_SSL = env_bool("EMAIL_USE_SSL", _mail.ssl or EMAIL_PORT == 465)
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", not EMAIL_USE_SSL and (_mail.starttls or EMAIL_PORT == 587))
EMAIL_CA_CERTS = env_str("EMAIL_CA_CERTS")
EMAIL_TIMEOUT = env_int("EMAIL_TIMEOUT", 10, minimum=1)  # seconds, for each of a mail's dozen steps
EMAIL_BACKEND = "ops.mail.SmtpBackend" if EMAIL_HOST else "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "Persenaut <noreply@localhost>")
UNSUBSCRIBE_EMAIL = env_str("UNSUBSCRIBE_EMAIL")
PASSWORD_RESET_TIMEOUT = 3600  # seconds
if EMAIL_USE_SSL and EMAIL_USE_TLS:
    raise ImproperlyConfigured("EMAIL_USE_SSL and EMAIL_USE_TLS exclude each other: use SSL for port 465, TLS for 587")

# --- The language model -------------------------------------------------------------------------------------------
AI_API_KEY = env_str("AI_API_KEY") or env_str("GROQ_API_KEY")
AI_BASE_URL = env_url("AI_BASE_URL", "https://api.groq.com/openai/v1" if AI_API_KEY else "", ("http", "https")).rstrip(
    "/"
)
AI_MODEL = env_str("AI_MODEL", "openai/gpt-oss-20b")
AI_FALLBACK_MODELS = env_list("AI_FALLBACK_MODELS", ("openai/gpt-oss-120b",))
AI_CONNECT_TIMEOUT = env_float("AI_CONNECT_TIMEOUT", 3.0)  # seconds
AI_TIMEOUT = env_float("AI_TIMEOUT", 20.0)  # seconds, one call with its retries
AI_RETRIES = env_int("AI_RETRIES", 2)
AI_BREAKER_SECONDS = env_float("AI_BREAKER_SECONDS", 30.0)  # how long a broken server is left alone
# Calls a day, reserved before each call: of one learner, of one visitor's address, of the whole site.
AI_CALLS_PER_USER = env_int("AI_CALLS_PER_USER", 200)
AI_CALLS_PER_ADDRESS = env_int("AI_CALLS_PER_ADDRESS", 30)
AI_CALLS_PER_SITE = env_int("AI_CALLS_PER_SITE", 20_000)
AI_PRICE_INPUT = env_float("AI_PRICE_INPUT", 0.0)  # of a million tokens, in whatever currency you count
AI_PRICE_OUTPUT = env_float("AI_PRICE_OUTPUT", 0.0)
AI_SOLVE_VOTES = env_int("AI_SOLVE_VOTES", 1)  # independent solutions that must find a generated key; 0: none
AI_SEATS = max(1, env_int("THREADS", 8, minimum=1) - 2)  # requests of one process that may wait for the model
AI_BATCH_SECONDS = env_float("AI_BATCH_SECONDS", 8.0)  # for all the questions of one session

# --- Languages and time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Español")), ("en", _("Inglés"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_TIME_ZONE = env_str("DEFAULT_TIME_ZONE", "UTC")  # of a learner who has not chosen one

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True

# --- Logs ---------------------------------------------------------------------------------------------------------
LOG_DIR = Path(env_str("LOG_DIR", str(BASE_DIR / "logs")))
LOG_LEVEL = env_choice("LOG_LEVEL", "info", ("error", "warn", "info", "http", "debug"))
LOG_TO = env_choice("LOG_TO", "console" if DEBUG else "files", ("files", "stdout", "console"))
LOGGING = logs.config(log_dir=LOG_DIR, level=LOG_LEVEL, to=LOG_TO, environment=ENVIRONMENT)
