"""Ways to ask an application what its plans really get: one module per kind of probe, named for the kind."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from trueup.disk import modules_offering
from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import printable
from trueup.model.options import Option, options_of, place, read_options
from trueup.model.relations import GateExpectation
from trueup.model.settings import GateSettings, ProbeSettings
from trueup.model.source import Snapshot
from trueup.outgoing.dialing import Reach
from trueup.probes.answers import Answers, answer_rows, feature_rows, probe_row
from trueup.probes.kind import Asking, Probe, ProbeKind, Rows

__all__ = [
    "KINDS",
    "Answers",
    "Asking",
    "Probe",
    "answer_rows",
    "asked_of",
    "check_settings",
    "feature_rows",
    "needs_books",
    "open_probe",
    "options_of_kind",
    "probe_row",
    "reads_the_database",
    "relations_read",
    "secrets_in_plain_sight",
]

KINDS = modules_offering("open_probe", folder=__path__)


def open_probe(
    settings: ProbeSettings,
    *,
    gates: GateSettings,
    now: datetime,
    snapshot: Snapshot | None = None,
    rows: Rows | None = None,
    plan_words: Mapping[str, str] | None = None,
    trust: ssl.SSLContext | None = None,
) -> Probe:
    """Open the probe of these settings; nothing is asked before ``ask``.

    ``now`` is naive UTC. ``snapshot`` is the audit's own, for the kinds that read the app's database, ``plan_words``
    maps that database's words for plans to trueup's, and ``rows`` asks the books. ``trust`` replaces the machine's own
    certificate authorities. Raises ``ConfigurationError`` for an unknown kind, and for an option that is unknown,
    missing or cannot be right.
    """
    kind = _kind(settings)
    options = read_options(kind.Options, settings)
    asking = Asking(
        settings=settings,
        cells=asked_of(settings, gates.matrix),
        matrix=gates.matrix,
        reach=Reach.beyond(gates.private_hosts, trust=trust, listed_in="gates.private_hosts"),
        now=now,
        plan_words=plan_words or {},
        snapshot=snapshot,
        rows=rows,
    )
    return kind.open_probe(options, asking)


def check_settings(gates: GateSettings) -> None:
    """Refuse a probe whose kind or options cannot be right. Raises ``ConfigurationError``; nothing is asked."""
    Reach.beyond(gates.private_hosts, listed_in="gates.private_hosts")
    for probe in gates.probes:
        read_options(_kind(probe).Options, probe)


def asked_of(settings: ProbeSettings, matrix: Sequence[GateExpectation]) -> tuple[GateExpectation, ...]:
    """The cells of the matrix that this probe is asked about."""
    return tuple(row for row in matrix if settings.features is None or row.feature in settings.features)


def reads_the_database(settings: ProbeSettings) -> bool:
    """Whether this probe must be asked while the audit's snapshot is open. Raises ``ConfigurationError``."""
    return _kind(settings).READS_THE_DATABASE


def needs_books(settings: ProbeSettings) -> bool:
    """Whether this probe reads the app's database, or relations of the books. Raises ``ConfigurationError``."""
    kind = _kind(settings)
    return kind.READS_THE_DATABASE or bool(kind.READS)


def relations_read(gates: GateSettings) -> frozenset[str]:
    """The relations of the books that the probes read. Raises ``ConfigurationError``."""
    return frozenset(relation for probe in gates.probes for relation in _kind(probe).READS)


def secrets_in_plain_sight(settings: ProbeSettings) -> Iterator[str]:
    """Return the options, as the config names them, that hold a secret in plain text."""
    for option in options_of_kind(settings.kind) if settings.kind in KINDS else ():
        if option.secret and option.name in settings.literal:
            yield place(settings, option.name)


def options_of_kind(kind: str) -> Iterable[Option]:
    """The options that a kind of probe knows."""
    return options_of(_module(kind).Options)


def _kind(settings: ProbeSettings) -> ProbeKind:
    if settings.kind not in KINDS:
        near = nearest(settings.kind, KINDS) or f"; known are {', '.join(KINDS)}."
        named = f'is "{printable(settings.kind)}", which trueup does not have'
        raise ConfigurationError(f"{place(settings, 'kind')} {named}{near}")
    return _module(settings.kind)


def _module(kind: str) -> ProbeKind:
    module: ProbeKind = importlib.import_module(f"trueup.probes.{kind}")
    return module
