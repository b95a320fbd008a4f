"""The API documentation: the OpenAPI document, and Swagger UI to read it with, both from this server alone.

drf-spectacular's own page has scripts and styles in it and would need a policy that allows them. The document is made
once per process: making it takes a thousand times as long as sending it, and strangers may ask as often as they like.
"""

from functools import cache
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

RENDERERS = {"json": OpenApiJsonRenderer, "yaml": OpenApiYamlRenderer}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "ops/api-docs.html")


@cache
def document(kind: str) -> bytes:
    """The OpenAPI document as `kind`, json or yaml."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    rendered: Any = RENDERERS[kind]().render(schema, renderer_context={})
    return bytes(rendered)


@require_safe
@cache_control(public=True, no_cache=True)
@condition(etag_func=lambda request, kind: f'"{blake2b(document(kind), digest_size=12).hexdigest()}"')
def openapi(request: HttpRequest, kind: str) -> HttpResponse:
    return HttpResponse(document(kind), content_type=RENDERERS[kind].media_type)
