"""Make ``docs/checks/`` from the catalogue: a page per check, and an index. The same catalogue makes the same bytes.

Run as a module, it also makes ``docs/configuration.md``, ``docs/derived.md``, ``docs/stripe-fields.md`` and the JSON
Schemas of the documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from docs import configuration, derived, stripe_fields
from docs.marks import MADE
from docs.page import example, page, repair_of
from docs.rows import table
from trueup import formats
from trueup.checks import catalogue
from trueup.disk import whole_file
from trueup.formats.document import DocumentPart, schema_of
from trueup.formats.explanation_document import ExplanationDocument
from trueup.formats.report_document import ReportDocument
from trueup.formats.statement.json import StatementDocument
from trueup.formats.verdict.document import VerdictDocument
from trueup.model.check import Check
from trueup.model.finding import Area, Finding
from trueup.model.severity import Severity

FOLDER = Path(__file__).parent / "checks"
FORMATS = Path(formats.__file__).parent
DOCUMENTS: Mapping[str, tuple[type[DocumentPart], str]] = {
    "report": (ReportDocument, "trueup report"),
    "verdict": (VerdictDocument, "trueup release verdict"),
    "explanation": (ExplanationDocument, "trueup explanation"),
    "statement": (StatementDocument, "trueup statement"),
}


def pages() -> Mapping[str, str]:
    """Every file of ``docs/checks/``, by name, with its text."""
    examples = [(check, example(check)) for check in catalogue()]
    return {"README.md": _index(examples)} | {f"{check.id}.md": page(check, finding) for check, finding in examples}


def schema_texts() -> Mapping[Path, str]:
    """Every JSON Schema of ``formats/``, by its file, as the documents' declarations make it."""
    texts = {}
    for name, (document, title) in DOCUMENTS.items():
        schema = schema_of(document, title=f"{title}, schema version 1")
        texts[FORMATS / f"{name}.schema.json"] = json.dumps(schema, indent=2) + "\n"
    return texts


def write(folder: Path = FOLDER) -> None:
    """Put the pages into ``folder`` and remove those of checks that are no more."""
    made = pages()
    folder.mkdir(parents=True, exist_ok=True)
    for gone in {path.name for path in folder.glob("*.md")} - made.keys():
        (folder / gone).unlink()
    for name, text in made.items():
        with whole_file(folder / name) as file:
            file.write(text)


def _index(examples: Sequence[tuple[Check, Finding]]) -> str:
    lines = [
        MADE,
        "",
        "# The checks",
        "",
        f"{len(examples)} checks, each with its reason, its SQL and its examples.",
        "",
    ]
    for area in Area:
        rows = [_row(check, finding) for check, finding in examples if check.area is area]
        if rows:
            lines += [f"## {area.capitalize()}", ""]
            lines += [*table(("check", "severity", "what holds when all is well", "repair"), rows), ""]
    lines += ["## What a severity asks of you", ""]
    lines += table(("severity", "asks"), ((f"**{s}**", s.asks) for s in sorted(Severity, key=lambda s: -s.rank)))
    return "\n".join(lines).rstrip() + "\n"


def _row(check: Check, finding: Finding) -> tuple[str, ...]:
    invariant = check.invariant.replace("\n", " ")
    return f"[`{check.id}`]({check.id}.md)", str(check.severity), invariant, repair_of(finding)


if __name__ == "__main__":
    write()
    with whole_file(configuration.FILE) as file:
        file.write(configuration.page())
    with whole_file(derived.FILE) as file:
        file.write(derived.page())
    with whole_file(stripe_fields.FILE) as file:
        file.write(stripe_fields.page())
    for schema, text in schema_texts().items():
        with whole_file(schema) as file:
            file.write(text)
