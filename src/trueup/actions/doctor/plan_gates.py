"""Whether the config's plan gates can be checked: the matrix, the probes, the lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.actions.plan_gates import look
from trueup.config import Config
from trueup.engines.requirements import NO_MATRIX, reads_gates
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.source import Silent
from trueup.probes import secrets_in_plain_sight


def examine_gates(config: Config, checks: Sequence[Check], *, now: datetime) -> Iterator[Symptom]:
    """Look at the matrix, ask every probe, and look for the lock; ``now`` is naive UTC.

    Yields nothing where the business has no plan gates, or none of these checks is about them.
    """
    about = tuple(check for check in checks if reads_gates(check))
    if not about or any(word.startswith("gate_") for word in config.policy.without):
        return
    if config.gates is None:
        yield Symptom(health=Health.WARNING, about="gates", says=f"plan gates will not be checked: {NO_MATRIX}")
        return
    matrix = config.gates.matrix
    says = f"{config.gates.matrix_file}: {len({row.feature for row in matrix})} features, {len(matrix)} plan gates"
    yield Symptom(health=Health.FINE, about="gates", says=says)
    for probe in config.gates.probes:
        for key in secrets_in_plain_sight(probe):
            says = f"{key} holds its secret in plain text; write a reference such as ${{NAME}}"
            yield Symptom(health=Health.WARNING, about="gates", says=says)
    yield from _asked(config, about, now=now)


def _asked(config: Config, checks: tuple[Check, ...], *, now: datetime) -> Iterator[Symptom]:
    try:
        looked = look(config, checks=checks, now=now, progress=Silent())
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="gates", says=str(error))
        return
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="gates", says=str(error))
        return
    if looked.unanswered is not None:
        yield Symptom(health=Health.WRONG, about="gates", says=f"not everything was answered: {looked.unanswered}")
    else:
        yield Symptom(health=Health.FINE, about="gates", says="every plan gate was answered")
    if looked.lock is None:
        says = "there is no lock yet; `trueup gate accept --reason TEXT` records what each plan gets now"
        yield Symptom(health=Health.WARNING, about="gates", says=says)
    elif changed := len(looked.changed) + len(looked.gone):
        says = f"{changed} differ from the lock; `trueup gate show` lists them"
        yield Symptom(health=Health.WARNING, about="gates", says=says)
