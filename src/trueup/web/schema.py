"""``/openapi.json``: the API's own description, for callers who may use it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from trueup.web.access import Permission, requires

router = APIRouter()


@router.get("/openapi.json", dependencies=[requires(Permission.SCHEMA_READ)], include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """The document, with the path prefix at which this app is mounted."""
    document = dict(request.app.openapi())
    prefix = request.scope.get("root_path", "").rstrip("/")
    if prefix:
        document["servers"] = [{"url": prefix}]
    return JSONResponse(document)
