"""``trueup doctor``: run the preflight, one line for each check; or print the rights that trueup's roles need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, catalogue_for, config_from, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.actions.doctor import Symptom
    from trueup.config import Config
    from trueup.model.check import Check

UNREACHABLE = 3
"""The exit code of a database that cannot be reached."""

GrantsOption = Annotated[
    bool, typer.Option("--print-grants", help="Print SQL for an audit role and a repair role, to review and run.")
]
DataOption = Annotated[
    bool, typer.Option("--data", help="Also read one snapshot, and propose what it shows that the config does not say.")
]
FixOption = Annotated[
    bool, typer.Option("--fix", help="As --data; then show what the data prove as a difference, ask, and write it.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="With --fix: write without asking.")]
SchemaOption = Annotated[
    str | None,
    typer.Option("--schema-url", metavar="URL", help="With --print-grants: the address to read the schema with."),
]
AuditRoleOption = Annotated[str, typer.Option("--audit-role", metavar="NAME", help="With --print-grants.")]
RepairRoleOption = Annotated[str, typer.Option("--repair-role", metavar="NAME", help="With --print-grants.")]


def doctor(
    config: ConfigOption = None,
    data: DataOption = False,  # noqa: FBT002 - a flag
    fix: FixOption = False,  # noqa: FBT002 - a flag
    yes: YesOption = False,  # noqa: FBT002 - a flag
    print_grants: GrantsOption = False,  # noqa: FBT002 - a flag
    schema_url: SchemaOption = None,
    audit_role: AuditRoleOption = "trueup_audit",
    repair_role: RepairRoleOption = "trueup_repair",
) -> None:
    """Check everything an audit needs: config, connection, privileges, mapping; and the journal that repairs need.

    With --print-grants, print the rights of two roles with few rights instead, from the live schema: one that reads the
    mapped columns, and one that may also repair. The output holds no password.
    With --data, say which mapped columns the data contradict, at which line of the config, and which balances agree;
    propose what each price sells, from what its sales led to, and since when, which plans are paid for good, at what
    balance ledgers begin, and tables and columns that the config leaves out; and count how many of the ids that entries
    name Stripe's side has. Nothing is changed.
    With --fix, show what the data prove about the config (the unit of the cached balance, where ledgers begin) as a
    difference, and write it after a yes, or with --yes; comments and order are kept.
    Exit code: 0 fine (warnings included), 2 something must be corrected, 3 the database cannot be reached.

    Example: trueup doctor --config trueup.toml
    """
    checks = catalogue_for(config)
    loaded = config_from(config, checks, refuses_faults=print_grants)
    if print_grants:
        from trueup.actions.doctor import grants  # noqa: PLC0415 - heavy

        typer.echo(grants(loaded, url=schema_url, audit_role=audit_role, repair_role=repair_role), nl=False)
        return
    code = _examined(loaded, checks, data=data or fix)
    if fix and code < UNREACHABLE and _fixed(loaded, checks, yes=yes):
        code = _examined(config_from(config, checks), checks, data=True)
    raise typer.Exit(code)


def _fixed(config: Config, checks: tuple[Check, ...], *, yes: bool) -> bool:
    """Show what the data prove, and write it where that is wanted; return whether it was written."""
    from trueup.actions.doctor import propose_fixes, write_fixes  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    with terminal_progress() as progress:
        fixed = propose_fixes(config, checks, now=utc_now(), progress=progress)
    if not fixed.reasons:
        typer.echo("There is nothing to fix that the data prove.")
        return False
    typer.echo("\n".join(("", fixed.difference, "", *(f"because {reason}" for reason in fixed.reasons))))
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"Write this to {config.path}?")):
        typer.echo("Nothing was written; --yes writes it.")
        return False
    write_fixes(fixed)
    typer.echo(f"Written to {config.path}.\n")
    return True


def _examined(config: Config, checks: tuple[Check, ...], *, data: bool) -> int:
    """Print what was found; return the exit code of the worst of it."""
    from trueup.actions.doctor import Health, examine_data, examine_setup  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy

    marks = {Health.FINE: "ok  ", Health.WARNING: "warn", Health.WRONG: "FAIL", Health.UNREACHABLE: "FAIL"}
    codes = {Health.FINE: 0, Health.WARNING: 0, Health.WRONG: 2, Health.UNREACHABLE: UNREACHABLE}
    worst = 0
    lines: set[str] = set()
    now = utc_now()

    def show(symptoms: Iterable[Symptom]) -> None:
        nonlocal worst
        for symptom in symptoms:
            line = legible(f"{marks[symptom.health]}  {symptom.about:<10}  {symptom.says}")
            if line not in lines:
                typer.echo(line)
            lines.add(line)
            worst = max(worst, codes[symptom.health])

    show(examine_setup(config, checks, now=now))
    if data and worst < codes[Health.UNREACHABLE]:
        with terminal_progress() as progress:
            symptoms = list(examine_data(config, checks, now=now, progress=progress))
        show(symptoms)
    return worst
