"""A relation's own query: one SELECT that only reads, understood before it is sent to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import Key, complaint

if TYPE_CHECKING:
    from pathlib import Path

    from sqlglot import expressions as exp

_RUNS_IN_COMMENTS = ("/*!", "/*M!")
"""MySQL and MariaDB run what is in such a comment."""

_DIALECTS = {
    "sc": "spark",
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
}

_HARMLESS = (
    "json_extract json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text json_unquote "
    "json_value json_valid json_type json_object json_array json_array_length jsonb_array_length json_each "
    "jsonb_each jsonb_each_text json_each_text json_array_elements jsonb_array_elements json_array_elements_text "
    "jsonb_array_elements_text json_build_object jsonb_build_object to_jsonb to_json row_to_json json_tree "
    "unixepoch datetime date time julianday strftime to_timestamp from_unixtime unix_timestamp date_trunc date_part "
    "age make_date make_timestamp make_interval to_char to_date to_number isfinite timezone "
    "lower upper trim btrim ltrim rtrim substr substring left right length char_length octet_length replace translate "
    "split_part strpos instr position concat concat_ws format printf hex unhex encode decode md5 sha1 sha2 sha256 "
    "quote_literal reverse repeat lpad rpad initcap ascii chr "
    "abs ceil ceiling floor round trunc truncate mod power sqrt sign exp ln log div greatest least "
    "coalesce nullif ifnull isnull if nvl "
    "count sum total avg min max bool_and bool_or every string_agg group_concat array_agg json_agg jsonb_agg "
    "json_arrayagg json_objectagg json_group_array json_group_object first_value last_value nth_value lag lead "
    "row_number rank dense_rank ntile percent_rank cume_dist array_length cardinality unnest array_position "
    "generate_series typeof regexp_replace regexp_matches regexp_match regexp_like regexp_substr hashtext "
    "bin_to_uuid uuid_to_bin inet_ntoa"
)
"""Functions that only compute. A function of the application's own, or one that the parser has no class for, may do
anything."""


def dialect_of(url: str) -> str:
    """Return sqlglot's name of the SQL that the database at this address speaks; files are read by DuckDB.

    >>> dialect_of("postgresql+psycopg://db/app"), dialect_of("mariadb://db/app"), dialect_of("exports/")
    ('postgres', 'mysql', 'duckdb')
    """
    scheme, separator, _ = url.partition("://")
    return _DIALECTS.get(scheme.lower().partition("+")[0], "duckdb") if separator else "duckdb"


def read_query(sql: str, *, dialect: str, key: Key, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the statement without its final semicolon, and the names of the columns that it returns.

    Raises ``ConfigurationError`` for anything but one SELECT of which every part is known only to read.
    """
    import sqlglot  # noqa: PLC0415 - slow to import
    from sqlglot import expressions as exp  # noqa: PLC0415 - slow to import

    if dialect == "duckdb":
        raise complaint(path, key, "is for a database: a folder of files has no queries, so name a table")
    if any(mark in sql for mark in _RUNS_IN_COMMENTS):
        raise complaint(path, key, "holds a comment that MySQL runs as SQL (/*!): remove it")
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect=dialect) if statement is not None]
    except (sqlglot.errors.SqlglotError, RecursionError):
        raise complaint(path, key, "cannot be understood, so it may do more than read: make a view of it") from None
    if len(statements) != 1:
        raise complaint(path, key, f"holds {len(statements)} statements, but must be one SELECT")
    (tree,) = statements
    if not isinstance(tree, exp.Query):
        raise complaint(path, key, f"must be one SELECT, and is {tree.key.upper()}")
    problem = _effect(tree)
    if problem is not None:
        raise complaint(path, key, f"{problem}; a query of the config may only read")
    names = tuple(tree.named_selects)
    if not names or "*" in names or "" in names or tree.is_star:
        raise complaint(path, key, "returns columns without a name: name each one that is used, instead of *")
    repeated = next((name for name in names if [each.casefold() for each in names].count(name.casefold()) > 1), None)
    if repeated is not None:
        raise complaint(path, key, f'returns two columns that are named "{repeated}": rename one of them')
    return sql.strip().rstrip(";").rstrip(), names


def _effect(tree: exp.Query) -> str | None:
    """What a SELECT does besides reading, or may do; None for one that only reads."""
    from sqlglot import expressions as exp  # noqa: PLC0415 - slow to import

    harmless = frozenset(_HARMLESS.split())
    for node in tree.walk():
        match node:
            case exp.DML() | exp.DDL() | exp.Command() if not isinstance(node, exp.Query):
                return f"holds {node.key.upper()}"
            case exp.Into():
                return "holds INTO, which writes a table, a file or a variable"
            case exp.Lock():
                return "locks rows (FOR UPDATE or FOR SHARE)"
            case exp.Parameter() | exp.SessionParameter() | exp.Placeholder():
                return f"holds {node.sql()}, which is a variable or a parameter"
            case exp.Dot() if isinstance(node.expression, exp.Func):
                return f"calls {node.sql()}, a function of a schema of its own, which may do more than read"
            case exp.Func():
                name = node.name if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc) else ""
                if isinstance(node, exp.NextValueFor) or (name and name.lower() not in harmless):
                    return f"calls {name or 'NEXT VALUE FOR'}(), which may do more than read"
            case _:
                pass
    return None
