"""Pages without the console's frame: sign-in, and what went wrong. They need no session and no script."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from starlette.responses import HTMLResponse

from trueup.web.console.assets import assets
from trueup.web.headers import PAGE, REQUEST_ID
from trueup.web.notes import Notes
from trueup.web.problems import Problem


def plain_page(title: str, *blocks: str, status: int = 200) -> HTMLResponse:
    """Answer with a page of these blocks of HTML, whose texts the caller has escaped."""
    mark = f"/static/{assets()['mark.svg'].name}"
    html = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)} · trueup</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="/static/{assets()["console.css"].name}">\n'
        f'<link rel="icon" type="image/svg+xml" href="{mark}">\n</head>\n<body>\n'
        f'<header class="top"><a class="brand" href="/"><img src="{mark}" alt="" width="22" height="22">trueup</a>'
        "</header>\n"
        '<main class="plain">\n'
        f"<h1>{escape(title)}</h1>\n" + "\n".join(blocks) + "\n</main>\n</body>\n</html>\n"
    )
    return HTMLResponse(html, status_code=status, headers=dict(PAGE))


def plain_error_page(problem: Problem, noted: Notes) -> HTMLResponse:
    """Answer with a problem as a page: what went wrong, field by field, and the id that names it in the log."""
    blocks = [f"<p>{escape(problem.detail)}</p>"]
    if problem.fields:
        rows = "".join(f"<li>{escape(each.field)} {escape(each.problem)}</li>" for each in problem.fields)
        blocks.append(f"<ul>{rows}</ul>")
    blocks.append(f"<p>In the server's log this is {escape(noted.error_id)}.</p>")
    page = plain_page(HTTPStatus(problem.status).phrase, *blocks, status=problem.status)
    page.headers.update({REQUEST_ID: noted.request_id, **problem.headers})
    return page
