"""The verdict as one JSON document, in ASCII. ``document.py`` declares its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from trueup.formats.document import as_json, dump, write_list
from trueup.formats.verdict.document import VerdictHead, verdict_document

if TYPE_CHECKING:
    from trueup.formats.presentation import Presentation
    from trueup.model.release import Verdict

_HEAD = tuple(field.alias or name for name, field in VerdictHead.model_fields.items())


def write(verdict: Verdict, out: TextIO, presentation: Presentation) -> None:  # noqa: ARG001 - one signature for all formats
    """Write the document, each finding on its own line, those that pass included."""
    document = verdict_document(verdict)
    fields = as_json(document)
    out.write("{\n")
    out.writelines(f"  {dump(name)}: {dump(fields[name])},\n" for name in _HEAD)
    write_list(out, "questions", map(as_json, document.questions))
    out.write(",\n")
    write_list(out, "findings", map(as_json, document.findings))
    out.write("\n}\n")
