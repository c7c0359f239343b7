"""The schema as a whole: every table with its sample, and which column names a row of which table."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trueup.mapping.inference.links import Link, customer_link, key_of, links_to
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.inference.signs_of_accounts import credit_columns, look_alike
from trueup.mapping.inference.spots import Home, Spot
from trueup.mapping.samples import Look, Path, Sample, Samples, holds_secrets
from trueup.model.source import SourceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """Every table that may be mapped, with its sample."""

    looks: Mapping[str, Look]
    phrases: Phrases
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """By identity: one schema is looked at once."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        """By identity."""
        return self is other

    def links_to(self, look: Look) -> Sequence[Link]:
        """Every column elsewhere that names a row of this table."""
        return _links_to(self, look)

    def links_from(self, look: Look) -> Iterator[Link]:
        """Every column of this table that names a row of another."""
        for other in self.looks.values():
            if other is not look:
                yield from (link for link in self.links_to(other) if link.table == look.name)

    def satellites(self, home: Home) -> Iterator[tuple[Look, Link]]:
        """The tables with one row for each account."""
        seen: set[str] = set()
        for link in self.links_to(home.look):
            if link.one_each and link.always and link.table not in seen:
                seen.add(link.table)
                yield self.looks[link.table], link

    def routes(self, home: Home) -> Iterator[tuple[Look, tuple[Link, ...], Look | None]]:
        """Each table that names an account: directly, or through one that has a row for each account."""
        direct: set[str] = set()
        for link in self.links_to(home.look):
            if link.table not in direct and link.table != home.look.name:
                direct.add(link.table)
                yield self.looks[link.table], (link,), None
        for middle, last in self.satellites(home):
            for first in self.links_to(middle):
                if first.table not in direct and first.table != home.look.name:
                    direct.add(first.table)
                    yield self.looks[first.table], (first, last), middle

    def movement_routes(self, home: Home) -> Iterator[tuple[Look, tuple[Link, ...], Look | None]]:
        """As ``routes``, and each table that names one of several wallets of an account."""
        direct = set()
        for look, route, through in self.routes(home):
            direct.add(look.name)
            yield look, route, through
        for last in self.links_to(home.look):
            middle = self.looks[last.table]
            for first in () if last.one_each or not credit_columns(middle) else self.links_to(middle):
                if first.table not in direct and first.table != home.look.name:
                    direct.add(first.table)
                    yield self.looks[first.table], (first, last), middle

    def subscription_routes(self, home: Home) -> Iterator[tuple[Look, tuple[Link, ...], Look | None]]:
        """As ``routes``, and each table that names an account by its Stripe customer."""
        direct = set()
        for look, route, through in self.routes(home):
            direct.add(look.name)
            yield look, route, through
        customers = [(home.look, ()), *((look, (link,)) for look, link in self.satellites(home))]
        for look in self.looks.values():
            for middle, rest in customers:
                link = customer_link(look, middle) if look.name not in direct and look is not middle else None
                if link is not None and look is not home.look:
                    direct.add(look.name)
                    yield look, (link, *rest), middle if rest else None

    def spots(self, home: Home, look: Look, column: str, path: Path = ()) -> Spot | None:
        """Where this column is, seen from the accounts; None where nothing links them one to one."""
        if look is home.look:
            return Spot(look=look, column=column, path=path)
        for other, link in self.satellites(home):
            if other is look:
                return Spot(look=look, column=column, path=path, route=(link,))
        up = next((link for link in self.links_to(look) if link.table == home.look.name), None)
        return None if up is None else Spot(look=look, column=column, path=path, up=up)

    def near(self, home: Home) -> Iterator[Look]:
        """The accounts' table, those with one row for each account, and those that the accounts name."""
        yield home.look
        near = {home.look.name}
        for look, _ in self.satellites(home):
            near.add(look.name)
            yield look
        for link in self.links_from(home.look):
            if link.target not in near:
                near.add(link.target)
                yield self.looks[link.target]


@functools.lru_cache(maxsize=4096)
def _links_to(schema: Schema, look: Look) -> tuple[Link, ...]:
    return tuple(links_to(look, list(schema.looks.values())))


def schema_of(tables: Sequence[SourceTable], samples: Samples, dialect: str | None) -> Schema:
    """Look at every table that may be mapped. Tables of sessions and keys, and those of another kind, are left out."""
    looks = {
        table.qualified_name: Look(
            table=table,
            sample=samples.get(table.qualified_name, Sample(is_whole=False)),
            reads_json_in_text=dialect in ("sqlite", "mysql"),
        )
        for table in tables
        if not holds_secrets(table)
    }
    alike = {name: what for name, look in looks.items() if (what := look_alike(look)) is not None}
    return Schema(
        looks={name: look for name, look in looks.items() if name not in alike},
        phrases=Phrases(dialect),
        left_out=alike,
    )


def home_of(schema: Schema, look: Look) -> Home | None:
    """The table as the accounts, where one column names its rows: the one by which other tables do."""
    key = next((link.key for link in schema.links_to(look)), None) or key_of(look)
    return None if key is None else Home(look=look, key=key)
