"""The function that locks the ledger for the repair role, whose column rights do not allow LOCK TABLE.

It locks this one table, at once or not at all, and does nothing else. It is printed only where no foreign key makes it
unnecessary: a role that may call it can make every customer's writes wait.
"""

from __future__ import annotations

from collections.abc import Iterator

from trueup.actions.doctor.privileges.postgres_facts import CatalogueTable, PostgresFacts
from trueup.actions.doctor.privileges.postgres_names import beside
from trueup.actions.doctor.privileges.required_privileges import Roles, Wanted, comment
from trueup.sources.select import quoted
from trueup.targets.postgres_serialization import LOCK_FUNCTION, lock_function_body


def lock_function(wanted: Wanted, facts: PostgresFacts, journal: CatalogueTable, roles: Roles) -> Iterator[str]:
    """The function, line by line; or a DROP, where it is not needed."""
    ledger = facts.places.get(wanted.entries.table) if wanted.entries else None
    if wanted.entries is None or ledger is None or not any(each.ours == "credits" for each in wanted.updates):
        return
    function = f"{beside(journal, LOCK_FUNCTION)}()"
    yield ""
    if facts.has_immediate_key:
        yield comment(f"The foreign key from {wanted.entries.keys_text} makes a repair wait for uncommitted entries.")
        yield f"DROP FUNCTION IF EXISTS {function};"
    elif not ledger.ordinary:
        yield comment(f"{ledger.table} is not an ordinary table and cannot be locked: no balance can be repaired.")
    else:
        yield comment(
            "Before a balance is written, the ledger is locked for a moment, so that the repair sees every entry that"
        )
        yield comment(f"was being written. A foreign key from {wanted.entries.keys_text} would make this unnecessary.")
        yield f"CREATE OR REPLACE FUNCTION {function} RETURNS void"
        yield "    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $lock$"
        yield f"{lock_function_body(ledger.schema, ledger.name).strip(chr(10))}"
        yield "$lock$;"
        yield f"ALTER FUNCTION {function} OWNER TO {quoted(ledger.owner)};"
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC;"
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {quoted(roles.repair)};"
