"""The console's own files: its style sheet, its script, its mark. Each has its content's hash in its name."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter
from starlette.responses import Response

from trueup.web.access import Permission, page_requires
from trueup.web.problems import Problem
from trueup.web.routes.query_types import Text

router = APIRouter(include_in_schema=False)

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_HASH_LENGTH = 12
_FOR_EVER = "public, max-age=31536000, immutable"
NAME = "^[a-z]{1,20}[.][0-9a-f]{12}[.](?:css|js|svg)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file: its name with its hash in it, and its bytes."""

    name: str
    media_type: str
    body: bytes


@functools.cache
def assets() -> Mapping[str, Asset]:
    """Every file, by its plain name (``console.css``). They are read once."""
    folder = resources.files("trueup.web.console") / "static"
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    return {name: _asset(name, body) for name, body in files.items()}


def _asset(name: str, body: bytes) -> Asset:
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:_HASH_LENGTH]
    return Asset(name=f"{stem}.{digest}.{ending}", media_type=_TYPES[f".{ending}"], body=body)


@router.get("/static/{name}", dependencies=[page_requires(Permission.HEALTH_READ)])
async def read_asset(name: Annotated[str, Text(NAME), PathParameter()]) -> Response:
    """One file. Its address changes with its content, so that a browser keeps it for ever."""
    asset = next((asset for asset in assets().values() if asset.name == name), None)
    if asset is None:
        raise Problem(404, "There is nothing at this address.")
    return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": _FOR_EVER})
