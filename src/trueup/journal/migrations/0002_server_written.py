"""The role that wrote each entry; and on Postgres, the trigger that writes what no role is to choose.

From here on an insert into the journal says what was done, and the server says the rest: the number, the time, the role
that logged in, the hash. The trigger's function runs with the rights of the table's owner on a fixed search path, every
name in it qualified, so the role that repairs needs no right to the head row. ``before`` and ``after`` are taken only
in the one text that their content has (RFC 8785, every number a string): what has a key twice has none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_PLACE = """
SELECT quote_ident(n.nspname), quote_ident(pg_get_userbyid(c.relowner))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass('trueup_journal')
"""

# Keys in the order of their UTF-16 code units: that of their UTF-8 bytes, but for what needs two units, which comes
# before U+E000 to U+FFFF. JSON's own escapes are what Postgres writes for a text.
_CANONICAL = """
CREATE OR REPLACE FUNCTION {schema}.trueup_journal_canonical(given jsonb, depth integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $canonical$
BEGIN
    IF depth > 32 THEN
        RAISE EXCEPTION 'trueup: a journal entry is nested too deeply' USING ERRCODE = 'check_violation';
    END IF;
    CASE pg_catalog.jsonb_typeof(given)
        WHEN 'object' THEN
            RETURN '{{' || coalesce((
                SELECT string_agg(
                    to_json(each.key)::text || '\\:' || {schema}.trueup_journal_canonical(each.value, depth + 1), ','
                    ORDER BY replace(replace(
                        regexp_replace(encode(convert_to(each.key, 'UTF8'), 'hex'), '(..)', '\\1 ', 'g'),
                        'ee ', 'fe '), 'ef ', 'ff ') COLLATE "C")
                FROM jsonb_each(given) AS each), '') || '}}';
        WHEN 'array' THEN
            RETURN '[' || coalesce((
                SELECT string_agg({schema}.trueup_journal_canonical(each.value, depth + 1), ',' ORDER BY each.place)
                FROM jsonb_array_elements(given) WITH ORDINALITY AS each (value, place)), '') || ']';
        WHEN 'number' THEN
            RAISE EXCEPTION 'trueup: a journal entry holds a number that is no text'
                USING ERRCODE = 'check_violation';
        ELSE
            RETURN given::text;
    END CASE;
END
$canonical$
"""

_WRITE = """
CREATE OR REPLACE FUNCTION {schema}.trueup_journal_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $write$
DECLARE
    last record;
    is_canonical boolean;
BEGIN
    SELECT h.seq, h.hash INTO last FROM {schema}.trueup_journal_head AS h WHERE h.id = 1 FOR UPDATE;
    IF NOT FOUND OR last.hash !~ '^[0-9a-f]{{64}}$' THEN
        RAISE EXCEPTION 'trueup: the head row of the journal is not ours'
            USING ERRCODE = 'TU001', HINT = 'Run `trueup journal verify`, which says what else is wrong.';
    END IF;
    BEGIN
        is_canonical := pg_catalog.left(NEW."before", 1) = '{{' AND pg_catalog.left(NEW."after", 1) = '{{'
            AND {schema}.trueup_journal_canonical(NEW."before"::jsonb, 1) = NEW."before" COLLATE "C"
            AND {schema}.trueup_journal_canonical(NEW."after"::jsonb, 1) = NEW."after" COLLATE "C";
    EXCEPTION WHEN data_exception OR check_violation OR feature_not_supported OR program_limit_exceeded THEN
        is_canonical := false;
    END;
    IF is_canonical IS NOT true THEN
        RAISE EXCEPTION 'trueup: "before" and "after" of a journal entry must be canonical JSON'
            USING ERRCODE = 'check_violation',
                  HINT = 'Objects in the form of RFC 8785: no key twice, no space between, every number a string.';
    END IF;
    NEW.seq := last.seq + 1;
    NEW.prev_hash := last.hash;
    NEW.at := to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"');
    NEW.db_role := session_user;
    NEW.transaction_id := pg_current_xact_id()::text;
    NEW.hash := encode(sha256(
        convert_to('trueup-journal-2', 'UTF8') || decode('00', 'hex') || decode(NEW.prev_hash, 'hex') || convert_to(
            '{{"action"\\:' || {action} || ',"actor"\\:' || {actor} || ',"after"\\:' || NEW."after"
            || ',"at"\\:' || {at} || ',"before"\\:' || NEW."before" || ',"code_version"\\:' || {code_version}
            || ',"database_identity"\\:' || {database_identity} || ',"db_role"\\:' || {db_role}
            || ',"plan_hash"\\:' || {plan_hash} || ',"reason"\\:' || {reason} || ',"repair_id"\\:' || {repair_id}
            || ',"request_id"\\:' || {request_id} || ',"seq"\\:' || {seq} || ',"target"\\:' || {target} || '}}',
            'UTF8')), 'hex');
    UPDATE {schema}.trueup_journal_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END
$write$
"""

_WAIT = """
CREATE OR REPLACE FUNCTION {schema}.trueup_journal_wait() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $wait$
BEGIN
    PERFORM 1 FROM {schema}.trueup_journal_head AS h WHERE h.id = 1 FOR UPDATE;
END
$wait$
"""

_TEXTS = (
    "action",
    "actor",
    "at",
    "code_version",
    "database_identity",
    "db_role",
    "plan_hash",
    "reason",
    "repair_id",
    "request_id",
    "seq",
    "target",
)
_FUNCTIONS = ("trueup_journal_canonical(jsonb, integer)", "trueup_journal_write()", "trueup_journal_wait()")


def upgrade() -> None:
    """Add the column; on Postgres, what writes it and everything else that is the server's to say."""
    connection = op.get_bind()
    if "db_role" not in {column["name"] for column in sa.inspect(connection).get_columns("trueup_journal")}:
        op.add_column("trueup_journal", sa.Column("db_role", sa.String(400)))
    if connection.dialect.name == "postgresql":
        schema, owner = connection.execute(sa.text(_PLACE)).one()
        _functions(schema, owner)
        _consumed(schema, owner)


def _functions(schema: str, owner: str) -> None:
    """The trigger and the functions, all of them the owner's: no other role may call them before it is granted."""
    texts = {name: f"coalesce(to_json(NEW.{name}::text)::text, 'null')" for name in _TEXTS}
    for function in (_CANONICAL, _WRITE, _WAIT):
        op.execute(sa.text(function.format(schema=schema, **texts)))
    for function in _FUNCTIONS:
        op.execute(sa.text(f"ALTER FUNCTION {schema}.{function} OWNER TO {owner}"))
        op.execute(sa.text(f"REVOKE ALL ON FUNCTION {schema}.{function} FROM PUBLIC"))
    op.execute(sa.text(f"DROP TRIGGER IF EXISTS trueup_journal_write ON {schema}.trueup_journal"))
    op.execute(
        sa.text(
            f"CREATE TRIGGER trueup_journal_write BEFORE INSERT ON {schema}.trueup_journal "
            f"FOR EACH ROW EXECUTE FUNCTION {schema}.trueup_journal_write()"
        )
    )


def _consumed(schema: str, owner: str) -> None:
    """Which entries have covered their change. Only triggers that run with the owner's rights write it."""
    op.execute(
        sa.text(
            f"CREATE TABLE IF NOT EXISTS {schema}.trueup_journal_consumed "
            "(seq bigint NOT NULL, guard text NOT NULL, PRIMARY KEY (seq, guard))"
        )
    )
    op.execute(sa.text(f"ALTER TABLE {schema}.trueup_journal_consumed OWNER TO {owner}"))
