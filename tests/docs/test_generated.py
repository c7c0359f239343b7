"""The generated pages are what the catalogue says today, and the glossary knows the words they use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from docs import derived, stripe_fields
from docs.generate import FOLDER, FORMATS, pages, schema_texts, write
from docs.numbers import policy_keys, policy_promises
from docs.promises import promises_of
from trueup.checks import catalogue
from trueup.model.check import CASE_NOW
from trueup.model.durations import Durations
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, columns_of, relation_name
from trueup.model.severity import Severity
from trueup.model.stripe_objects import STRIPE_OBJECTS

DOCS = FOLDER.parent
MOST_LINES = 300
WORDS = """check, finding, subject, evidence, outcome, report, run, severity, category, repair, change, refusal,
journal, ledger, exemption, guardrail, gate, channel, source, engine, relation, mapping, books, replay verdict"""


@pytest.fixture(scope="module")
def made() -> Mapping[str, str]:
    return pages()


def test_the_pages_are_those_of_the_catalogue_as_it_is(made: Mapping[str, str]) -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    stale = sorted(name for name in kept.keys() | made.keys() if kept.get(name) != made.get(name))
    assert stale == [], "run `python -m docs.generate`"


def test_every_schema_is_the_one_that_its_declaration_makes() -> None:
    texts = schema_texts()
    assert texts.keys() == set(FORMATS.glob("*.schema.json"))
    assert {path: path.read_text(encoding="utf-8") for path in texts} == texts, "run `python -m docs.generate`"


@pytest.mark.slow
def test_writing_again_makes_the_same_bytes_and_removes_only_pages_of_checks_that_are_no_more(
    tmp_path: Path, made: Mapping[str, str]
) -> None:
    (tmp_path / "gone-check.md").write_text("old")
    (tmp_path / "picture.svg").write_text("<svg/>")
    write(tmp_path)
    (tmp_path / "picture.svg").unlink()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {n: t.encode() for n, t in made.items()}


def test_every_check_has_a_page_that_the_index_links(made: Mapping[str, str]) -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", made["README.md"]))
    assert linked == {f"{check.id}.md" for check in catalogue()} == made.keys() - {"README.md"}


def test_a_page_tells_every_example_and_the_whole_question(made: Mapping[str, str]) -> None:
    for check in catalogue():
        text = made[f"{check.id}.md"]
        assert check.violations.strip() in text
        assert check.invariant in text
        for case in check.cases:
            assert case.name[1:] in text


def test_a_page_is_read_in_a_few_minutes(made: Mapping[str, str]) -> None:
    assert {name: text.count("\n") for name, text in made.items() if text.count("\n") > MOST_LINES} == {}


def test_the_page_of_derived_relations_is_as_it_is_made_and_every_link_to_it_arrives(made: Mapping[str, str]) -> None:
    text = derived.page()
    assert derived.FILE.read_text(encoding="utf-8") == text, "run `python -m docs.generate`"
    sections = set(re.findall("^## (.+)$", text, re.MULTILINE))
    linked = {anchor for page in made.values() for anchor in re.findall(r"\(\.\./derived\.md#(\w+)\)", page)}
    assert linked
    assert linked <= sections


def test_the_page_of_stripe_s_fields_is_as_it_is_made_and_names_every_column() -> None:
    text = stripe_fields.page()
    assert stripe_fields.FILE.read_text(encoding="utf-8") == text, "run `python -m docs.generate`"
    for relation in STRIPE_OBJECTS:
        section = text.partition(f"## {relation_name(relation)}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [column.name for column in columns_of(relation)]


def test_every_number_a_check_may_bind_is_explained_or_is_the_audits_own_moment() -> None:
    keys = policy_keys()
    assert Policy().parameters(CASE_NOW).keys() - keys.keys() == {"now", "today", *promises_of(Durations)}
    assert promises_of(Durations).keys() == Durations().parameters().keys()
    assert {keys[name] for name in keys} <= policy_promises().keys()


def test_the_glossary_explains_every_word_that_was_decided() -> None:
    explained = set(re.findall(r"^\*\*(.+?)\*\*:", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert {word.strip() for word in WORDS.split(",")} <= explained


def test_the_glossary_names_every_kind_and_severity() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    for word in (*EntryKind, *Severity):
        assert f"`{word}`" in text
