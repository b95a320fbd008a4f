"""Where Redis is, and how Django's cache framework talks to it.

`REDIS_URL` (redis://, rediss://) or the first generation's `REDIS_HOST`, `REDIS_PORT`, `REDIS_PASSWORD`, `REDIS_DB`
and `REDIS_TLS`; `REDIS_SENTINELS=host:port,...` with `REDIS_URL=redis://mymaster/0` asks Sentinel for the primary.
Two aliases, each with a pool of its own: `default` holds what can be computed again, `limits` holds counters.
"""

from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from persenaut.env import env_bool, env_float, env_int, env_list, env_str, env_url


def redis_url() -> str:
    """The URL of Redis without options, or "" when none is configured."""
    if url := env_url("REDIS_URL", "", ("redis", "rediss")):
        return url
    host = env_str("REDIS_HOST")
    if not host:
        return ""
    scheme = "rediss" if env_bool("REDIS_TLS", False) else "redis"
    password = env_str("REDIS_PASSWORD")
    login = f":{quote(password, safe='')}@" if password else ""
    return f"{scheme}://{login}{host}:{env_int('REDIS_PORT', 6379)}/{env_int('REDIS_DB', 0)}"


def redis_caches(url: str) -> dict[str, dict[str, Any]]:
    """Django's CACHES for the server at `url`."""
    return {
        "default": _alias(url, "default", "ops.redis_client.CacheClient"),
        "limits": _alias(url, "limits", "ops.redis_client.LimitClient"),
    }


def _alias(url: str, name: str, client: str) -> dict[str, Any]:
    sentinels = [address.rpartition(":") for address in env_list("REDIS_SENTINELS")]
    pool: dict[str, Any] = {
        # No retries: a request that finds Redis away goes on without it, and ops.redis_client watches for its return.
        "socket_connect_timeout": env_float("REDIS_CONNECT_TIMEOUT", 0.3),
        "socket_timeout": env_float("REDIS_TIMEOUT", 0.3),
        "socket_keepalive": True,
        # Each thread keeps one.
        "max_connections": max(env_int("REDIS_MAX_CONNECTIONS", 64, minimum=1), env_int("THREADS", 8, minimum=1) + 8),
        "client_name": f"persenaut-{name}",
    }
    if url.startswith("rediss://"):
        pool["ssl_cert_reqs"] = "required"
        if authority := env_str("REDIS_CA_CERTS"):
            pool["ssl_ca_certs"] = authority
    options: dict[str, Any] = {
        "CLIENT_CLASS": client,
        "REDIS_CLIENT_CLASS": "ops.redis_client.GuardedRedis",
        "CONNECTION_POOL_KWARGS": pool,
    }
    if sentinels:
        options |= {
            "CLIENT_CLASS": client.replace("redis_client.", "redis_client.Sentinel"),
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": [(host, int(port)) for host, _, port in sentinels],
            "SENTINEL_KWARGS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
        }
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        # django-redis keeps one pool per URL string, and the second alias would silently get the first one's options.
        "LOCATION": _named(url, name),
        "KEY_PREFIX": env_str("REDIS_KEY_PREFIX", "persenaut"),
        "TIMEOUT": 300,
        "OPTIONS": options,
    }


def _named(url: str, name: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=f"{query}client_name=persenaut-{name}"))
