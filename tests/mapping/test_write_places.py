"""A proposal with a relation in several tables is written so that it loads as such."""

from __future__ import annotations

from pathlib import Path

from trueup.config import load_config
from trueup.mapping.proposal import Proposal, ProposedColumn, ProposedRelation
from trueup.mapping.word_guesses import PlanGuess, WordGuess
from trueup.mapping.write import render
from trueup.model.source import places_of


def test_each_place_is_written_with_its_own_columns_words_and_prefix(tmp_path: Path) -> None:
    plan = ProposedColumn(
        column="plan", theirs="tier", confidence=1, words=WordGuess(meaning=(("FREE", ("free",)),), unknown=())
    )
    places = (
        ProposedRelation(
            relation="account",
            table="users",
            confidence=1,
            columns=(ProposedColumn(column="account_id", theirs="id", confidence=1), plan),
            missing=(),
            absent=("stripe_customer_id",),
        ),
        ProposedRelation(
            relation="account",
            table="organisations",
            confidence=0.8,
            columns=(ProposedColumn(column="account_id", theirs="id", confidence=1),),
            missing=(),
            key_prefix="org_",
        ),
    )
    account = ProposedRelation(relation="account", table="users", confidence=1, columns=(), missing=(), places=places)
    path = tmp_path / "trueup.toml"
    path.write_text(
        render(Proposal(relations=(account,), plans=(PlanGuess(plan="FREE", rank=0, seen=True),))), encoding="utf-8"
    )
    mapping = load_config(path, {"DATABASE_URL": "postgresql://db/app"}).relations["account"]
    users, organisations = places_of(mapping)
    assert (users.table, users.absent, dict(users.columns["plan"].values)) == (
        "users",
        frozenset({"stripe_customer_id"}),
        {"free": "FREE"},
    )
    assert (organisations.table, organisations.key_prefix, set(organisations.columns)) == (
        "organisations",
        "org_",
        {"account_id"},
    )
