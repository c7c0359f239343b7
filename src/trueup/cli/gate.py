"""``trueup gate``: the question of a pipeline before a release; show and accept what each plan gets."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.options import ConfigOption, caller, catalogue_for, config_from, utc_now
from trueup.cli.release import judge

if TYPE_CHECKING:
    from trueup.actions.plan_gates import Looked

gate = typer.Typer(rich_markup_mode=None)
gate.callback(invoke_without_command=True)(judge)

_CLEAN, _FOUND, _INCONCLUSIVE = 0, 1, 3


@gate.command()
def show(config: ConfigOption = None) -> None:
    """Ask the probes and show what each plan gets, beside the matrix and the lock. The database is read only by probes.

    Exit code: 0 as in the matrix, 1 something differs from it, 2 usage or configuration, 3 something did not answer.

    Example: trueup gate show
    """
    from trueup.actions.plan_gates import look  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    checks = catalogue_for(config)
    with terminal_progress() as progress:
        looked = look(config_from(config, checks), checks=checks, now=utc_now(), progress=progress)
    _show(looked)
    if any(plan_gate.actual is not None and not plan_gate.passed for plan_gate in looked.gates):
        raise typer.Exit(_FOUND)
    raise typer.Exit(_INCONCLUSIVE if looked.unanswered else _CLEAN)


@gate.command()
def accept(
    reason: Annotated[str, typer.Option("--reason", help="Why each plan may get what it gets now, in one line.")],
    config: ConfigOption = None,
) -> None:
    """Ask the probes and write what each plan gets now into the lock file, which is reviewed like code.

    The lock changes no verdict: a difference from the matrix stays a finding even if it was accepted. Nothing is
    written if a probe could not answer. Exit code: 0 written, 2 usage or configuration, 3 something did not answer.

    Example: trueup gate accept --reason "exports opened to PRO, PLAT-1204"
    """
    from trueup.actions.plan_gates import accept as run_accept  # noqa: PLC0415 - heavy
    from trueup.cli.progress import terminal_progress  # noqa: PLC0415 - heavy

    checks = catalogue_for(config)
    loaded = config_from(config, checks)
    with terminal_progress() as progress:
        before = run_accept(loaded, checks=checks, reason=reason, actor=caller(), now=utc_now(), progress=progress)
    for line in _changes(before):
        typer.echo(line)
    known = sum(each.actual is not None for each in before.gates)
    typer.echo(
        f"Accepted the present answers of {known} plan gates in {loaded.gates.lock_file if loaded.gates else ''}."
    )
    if failing := sum(not each.passed for each in before.gates):
        typer.echo(f"{failing} of them differ from the matrix and stay findings.")


def _show(looked: Looked) -> None:
    from trueup.formats.presentation import Encodable, Presentation  # noqa: PLC0415 - heavy
    from trueup.formats.terminal import TerminalPage  # noqa: PLC0415 - heavy
    from trueup.formats.terminal_sections import plan_gates  # noqa: PLC0415 - heavy

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    page = TerminalPage(Encodable.around(sys.stdout), Presentation(color=color))
    plan_gates(page, looked.gates, ())
    page.blank()
    if looked.lock is None:
        typer.echo("There is no lock: `trueup gate accept --reason TEXT` records the present answers.")
    else:
        lock = looked.lock
        changes = tuple(_changes(looked))
        how = "Changed since it was accepted" if changes else "Accepted" if looked.unanswered else "As it was accepted"
        typer.echo(f"{how} at {lock.accepted_at} UTC by {lock.accepted_by}: {lock.reason}")
        for line in changes:
            typer.echo(line)
    if looked.unanswered:
        typer.echo(f"Not answered: {looked.unanswered}")


def _changes(looked: Looked) -> list[str]:
    """The difference between the lock and now: a line for each old or missing answer, one for each new answer."""
    from trueup.formats.wording import legible  # noqa: PLC0415 - heavy
    from trueup.model.gate import allowance, in_words  # noqa: PLC0415 - heavy

    lines = []
    for each in looked.changed:
        cell = legible(f"{each.feature}:{each.plan}")
        lines += [f"- {cell} {in_words(each.accepted)}"] if each.accepted is not None else []
        lines.append(f"+ {cell} {in_words(each.actual)}")
    for gone in looked.gone:
        was = in_words(allowance(number=gone.accepted, is_limit=gone.is_limit))
        lines.append(f"- {legible(f'{gone.feature}:{gone.plan}')} {was}")
    return lines
