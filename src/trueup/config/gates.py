"""Turn ``[gates]`` into settings: read the matrix, resolve the probes' secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, suggestion
from trueup.config.matrix import read_matrix
from trueup.config.references import resolved
from trueup.model.settings import GateSettings, ProbeSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from trueup.config.config_errors import Key
    from trueup.config.document import GatesSection
    from trueup.model.relations import Plan
    from trueup.model.settings import OptionValue

    Given = str | int | bool | list[str] | list[int] | dict[str, str]

_SHARED = ("kind", "features")


def gate_settings(
    section: GatesSection, *, plans: Sequence[Plan], path: Path, environ: Mapping[str, str]
) -> GateSettings | None:
    """The plan gates; None where there are none. Raises ``ConfigurationError``, for the matrix too.

    ``trueup.probes`` checks the options of a probe when it opens it, because they depend on the kind.
    """
    if not section.enabled:
        return None
    if section.matrix is None:
        if section.probes:
            raise complaint(
                path,
                ("gates", "matrix"),
                'is missing: name the file that says which plan gets what, such as "gates.toml"',
            )
        return None
    if not plans:
        raise complaint(path, ("gates", "matrix"), "says which plan gets what, but there are no [plans]: add them")
    matrix = read_matrix(path.parent / section.matrix, plans)
    known = tuple(dict.fromkeys(row.feature for row in matrix))
    probes = (_probe(name, given, known, path, environ) for name, given in section.probes.items())
    return GateSettings(
        matrix=matrix,
        matrix_file=str(path.parent / section.matrix),
        lock_file=str(path.parent / section.lock),
        probes=tuple(probes),
        private_hosts=tuple(section.private_hosts),
    )


def _probe(
    name: str, given: Mapping[str, Given], known: Collection[str], path: Path, environ: Mapping[str, str]
) -> ProbeSettings:
    key = ("gates", "probes", name)
    kind = given.get("kind")
    if not isinstance(kind, str):
        raise complaint(path, (*key, "kind"), "is missing: say which kind of probe it is")
    if not name.strip() or not name.isprintable():
        raise complaint(path, key, "is not a name for a probe: it must be printable and not empty")
    written = {word: value for word, value in given.items() if word not in _SHARED}
    options = {word: _option(value, (*key, word), path, environ) for word, value in written.items()}
    return ProbeSettings(
        name=name,
        kind=kind,
        folder=str(path.parent),
        features=_features(given.get("features"), (*key, "features"), known, path),
        options=options,
        literal=frozenset(word for word, value in written.items() if options[word] == value),
    )


def _features(value: object, key: Key, known: Collection[str], path: Path) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise complaint(path, key, "must be a list of features of the matrix")
    for position, word in enumerate(value):
        if word not in known:
            raise complaint(
                path, (*key, position), f'is "{word}", which is not in the matrix{suggestion(str(word), known)}'
            )
    return tuple(dict.fromkeys(value))


def _option(value: Given, key: Key, path: Path, environ: Mapping[str, str]) -> OptionValue:
    match value:
        case str():
            return resolved(value, key=key, path=path, environ=environ)
        case dict():
            return {word: resolved(item, key=(*key, word), path=path, environ=environ) for word, item in value.items()}
        case list():
            texts = tuple(resolved(i, key=key, path=path, environ=environ) for i in value if isinstance(i, str))
            return texts or tuple(i for i in value if isinstance(i, int))
        case _:
            return value
