"""Look at a cluster before its first audit: whether it answers, computes exactly, and has the tables as mapped."""

from __future__ import annotations

from collections.abc import Iterator

from trueup.actions.audit import fitted_tables
from trueup.actions.doctor.diagnostic import Health, Symptom
from trueup.config import Config
from trueup.engines.spark_tables import ClusterRelation, computes_exactly, connect
from trueup.model.errors import ConfigurationError, SourceUnavailable

_INEXACT = (
    "the server rounds decimals or lets numbers overflow; let a session set spark.sql.ansi.enabled = true and "
    "spark.sql.decimalOperations.allowPrecisionLoss = false"
)
_NO_VERSION = "is read without a version, so that its rows may change meanwhile; name one under relations.{}"


def examine_cluster(config: Config, url: str) -> Iterator[Symptom]:
    """Connect, compute, and make the view of each relation, which reads no row of it but its repeated keys."""
    try:
        session = connect(url)
        exact = computes_exactly(session)
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="connection", says=str(error))
        return
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="connection", says=str(error))
        return
    yield Symptom(health=Health.FINE, about="connection", says="the Spark server answers")
    if exact:
        says = "an overflow is an error, and decimals keep their digits"
        yield Symptom(health=Health.FINE, about="arithmetic", says=says)
    else:
        yield Symptom(health=Health.WRONG, about="arithmetic", says=_INEXACT)
    try:
        fitted, tables, notes = fitted_tables(session, config)
        yield from (Symptom(health=Health.WARNING, about="mapping", says=note) for note in notes)
        for name, mapping in fitted.items():
            ClusterRelation(session, mapping, tables[name])
            says = f"{name} from {tables[name].place}: {len(mapping.columns)} columns"
            yield Symptom(health=Health.FINE, about="mapping", says=says)
            if tables[name].version is None:
                says = f"{tables[name].place} {_NO_VERSION.format(name)}"
                yield Symptom(health=Health.WARNING, about="mapping", says=says)
    except SourceUnavailable as error:
        yield Symptom(health=Health.UNREACHABLE, about="mapping", says=str(error))
    except ConfigurationError as error:
        yield Symptom(health=Health.WRONG, about="mapping", says=str(error))
    finally:
        session.stop()
