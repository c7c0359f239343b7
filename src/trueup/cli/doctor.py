"""``trueup doctor``: the preflight, one line per thing looked at."""

from __future__ import annotations

import typer

from trueup.cli.options import ConfigOption, catalogue_for, config_from


def doctor(config: ConfigOption = None) -> None:
    """Look at everything an audit needs: config, connection, privileges, mapping.

    Exit code: 0 fine (warnings included), 2 something must be mended, 3 the database cannot be reached.

    Example: trueup doctor --config trueup.toml
    """
    from trueup.actions.doctor import Health, examine_setup  # noqa: PLC0415 - heavy
    from trueup.model.redact import redact  # noqa: PLC0415 - heavy

    checks = catalogue_for(config)
    marks = {Health.FINE: "ok  ", Health.WARNING: "warn", Health.WRONG: "FAIL", Health.UNREACHABLE: "FAIL"}
    codes = {Health.FINE: 0, Health.WARNING: 0, Health.WRONG: 2, Health.UNREACHABLE: 3}
    worst = 0
    for symptom in examine_setup(config_from(config, checks), checks):
        typer.echo(redact(f"{marks[symptom.health]}  {symptom.about:<10}  {symptom.says}"))
        worst = max(worst, codes[symptom.health])
    raise typer.Exit(worst)
