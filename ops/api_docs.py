"""The API documentation: the OpenAPI document, and Swagger UI and ReDoc to read it with, all from this server alone.

drf-spectacular's own page has scripts and styles in it and would need a policy that allows them. The document is made
once per process: making it takes a thousand times as long as sending it, and strangers may ask as often as they like.
"""

from functools import cache
from hashlib import blake2b
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

LANGUAGE = "en"  # what programmers of clients read, whatever they ask for
RENDERERS = {"json": OpenApiJsonRenderer, "yaml": OpenApiYamlRenderer}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Swagger UI: to try requests."""
    return in_english(render(request, "ops/api-docs.html"))


# Of the two styles that ReDoc puts into the page before it knows the nonce: an empty one and a constant one.
REDOC_STYLES = [
    f"'sha256-{digest}'"
    for digest in (
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc=",
    )
]


@require_safe
@csp_update({"style-src": REDOC_STYLES})
def redoc(request: HttpRequest) -> HttpResponse:
    """ReDoc: to read."""
    return in_english(render(request, "ops/redoc.html"))


@cache
def document(kind: str) -> bytes:
    """The OpenAPI document as `kind`, json or yaml."""
    with translation.override(LANGUAGE):  # one document for all, whoever asked first
        schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    rendered: Any = RENDERERS[kind]().render(schema, renderer_context={})
    return bytes(rendered)


@require_safe
@cache_control(public=True, no_cache=True)
@condition(etag_func=lambda request, kind: f'"{blake2b(document(kind), digest_size=12).hexdigest()}"')
def openapi(request: HttpRequest, kind: str) -> HttpResponse:
    return in_english(HttpResponse(document(kind), content_type=RENDERERS[kind].media_type))


def in_english(response: HttpResponse) -> HttpResponse:
    """Say that `response` is what everybody gets, whatever language they ask for."""
    response["Content-Language"] = LANGUAGE
    return response
