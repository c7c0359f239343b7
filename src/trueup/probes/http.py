"""The running app, asked over HTTP as a customer of each plan: one request per plan, or per plan and feature.

    [gates.probes.api]
    kind = "http"
    url = "https://app.example.com/api/gates/{feature}"
    allow = [200]                                # these statuses mean that the plan has the feature
    deny = [402, 403]                            # these mean that it does not; anything else is not an answer
    limit_path = "limits.{feature}"              # where a limit is in the JSON of an allowed answer
    # feature_path = "features.{feature}"        # or: a feature's true or false in that JSON, whatever the status
    [gates.probes.api.tokens]                    # an account of each plan, reserved for this
    FREE = "${GATES_TOKEN_FREE}"
    PRO = "${GATES_TOKEN_PRO}"

The token is sent as `Authorization: Bearer …`. Redirects are not followed and are not an answer, and neither are other
statuses, failures and answers after the time limit. A host that is not public must be listed in
`[gates] private_hosts`. Without `{feature}` in the address, each plan is asked once.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import quote

from trueup.model.errors import OutgoingFailed
from trueup.model.options import option
from trueup.model.relations import GateExpectation
from trueup.outgoing import HttpResponse, exchange
from trueup.outgoing.dialing import TOTAL_SECONDS
from trueup.probes.answers import Answers, Cell, Unanswered
from trueup.probes.kind import Asking

READS_THE_DATABASE = False
READS = ()

_FEATURE, _PLAN = "{feature}", "{plan}"
_LONGEST_SECONDS = 600
_NAME_SHOWN = 40
_STATUSES = range(200, 600)
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of an HTTP probe."""

    url: str = option("The address to ask; `{feature}` and `{plan}` are replaced by their names.")
    tokens: Mapping[str, str] = option("A plan = the token of an account on that plan.", secret=True)
    header: str = option("The header that carries the token.", default="Authorization")
    scheme: str = option("The word before the token; `none` sends the token alone.", default="Bearer")
    allow: tuple[int, ...] = option("The statuses that mean yes.", default=(200,))
    deny: tuple[int, ...] = option("The statuses that mean no.", default=(403,))
    feature_path: str | None = option(
        "The path to a feature's true or false in the JSON, steps separated by dots.", default=None
    )
    limit_path: str | None = option("The path to a limit's number in the JSON, steps separated by dots.", default=None)
    timeout_seconds: int = option("How long all answers together may take: 1 to 600.", default=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpProbe:
    """Asks each address once for each plan."""

    asking: Asking
    options: Options
    tokens: Mapping[str, str] = field(repr=False)

    def ask(self) -> Answers:
        """The answers of each request; a request that failed leaves only its own cells unanswered."""
        ends = time.monotonic() + self.options.timeout_seconds
        came: dict[tuple[str, str], HttpResponse | Unanswered] = {}
        cells: dict[Cell, object] = {}
        for cell in self.asking.cells:
            url = _address(self.options.url, feature=cell.feature, plan=cell.plan)
            if (url, cell.plan) not in came:
                came[url, cell.plan] = self._ask(url, cell.plan, ends - time.monotonic())
            cells[cell.feature, cell.plan] = self._read(came[url, cell.plan], cell)
        return Answers(cells=cells)

    def _ask(self, url: str, plan: str, left_seconds: float) -> HttpResponse | Unanswered:
        if left_seconds <= 0:
            return Unanswered(reason=f"not everything was answered within {self.options.timeout_seconds} seconds")
        if plan not in self.tokens:
            return Unanswered(reason=f"there is no token for {plan}")
        token = self.tokens[plan] if self.options.scheme == "none" else f"{self.options.scheme} {self.tokens[plan]}"
        reach = dataclasses.replace(self.asking.reach, seconds=min(TOTAL_SECONDS, left_seconds))
        headers = {"Accept": "application/json", self.options.header: token}
        try:
            return exchange("GET", self.asking.endpoint("url", url), reach, headers=headers)
        except OutgoingFailed as error:
            return Unanswered(reason=str(error).removesuffix("."))

    def _read(self, came: HttpResponse | Unanswered, cell: GateExpectation) -> object:
        if isinstance(came, Unanswered):
            return came
        path = self.options.limit_path if cell.is_limit else self.options.feature_path
        if path is None:
            return self._by_status(came, cell)
        if came.status not in self.options.allow:
            return _explain_unexpected(came)
        return _find_value(came, [step.replace(_FEATURE, cell.feature) for step in path.split(".")])

    def _by_status(self, came: HttpResponse, cell: GateExpectation) -> object:
        if cell.is_limit:
            return Unanswered(reason="limit_path does not lead to a limit in the answer")
        if came.status in self.options.allow:
            return True
        return False if came.status in self.options.deny else _explain_unexpected(came)


def _address(url: str, *, feature: str, plan: str) -> str:
    return url.replace(_FEATURE, quote(feature, safe="")).replace(_PLAN, quote(plan, safe=""))


def _explain_unexpected(came: HttpResponse) -> Unanswered:
    elsewhere = ", a redirect, which is not followed" if came.status in _REDIRECTS else ""
    return Unanswered(reason=f"{came.place} answered {came.status}{elsewhere}, which means neither yes nor no")


def _find_value(came: HttpResponse, path: list[str]) -> object:
    """Return the value at this path of the answer's JSON."""
    if came.cut:
        return Unanswered(reason=f"{came.place} answered with more than is read")
    try:
        value: object = json.loads(
            came.body.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_no_repetition
        )
    except _Repeated as error:
        return Unanswered(reason=f'{came.place} answered with "{error}" twice, so with two answers')
    except (ValueError, RecursionError):
        return Unanswered(reason=f"{came.place} answered with something that is not JSON")
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return Unanswered(reason=f"{came.place} answered without {'.'.join(path)}")
        value = value[step]
    return value


class _Repeated(ValueError):
    """The name that an object holds twice."""


def _no_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names: dict[str, object] = {}
    for name, value in pairs:
        if name in names:
            raise _Repeated(name[:_NAME_SHOWN])
        names[name] = value
    return names


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def open_probe(options: Options, asking: Asking) -> HttpProbe:
    """The probe. Raises ``ConfigurationError`` for an address, a status, a plan or a header that cannot be right."""
    asking.endpoint("url", _address(options.url, feature="feature", plan="plan"))
    for name, statuses in (("allow", options.allow), ("deny", options.deny)):
        if any(status not in _STATUSES for status in statuses):
            raise asking.complaint(name, "must hold HTTP statuses, such as 200 or 403")
    if set(options.allow) & set(options.deny):
        raise asking.complaint("deny", "holds a status that allow holds too")
    for plan in options.tokens:
        if plan not in asking.plans:
            raise asking.complaint(
                f"tokens.{plan}", f"is not for one of your plans; they are {', '.join(asking.plans)}"
            )
    if not all(part.isascii() and part.replace("-", "").isalnum() for part in (options.header, options.scheme)):
        raise asking.complaint("header", "and scheme must be plain words, such as Authorization and Bearer")
    if any(not token.isprintable() or not token.isascii() for token in options.tokens.values()):
        raise asking.complaint("tokens", "holds a token with characters that a header cannot hold")
    if not 1 <= options.timeout_seconds <= _LONGEST_SECONDS:
        raise asking.complaint("timeout_seconds", f"must be a whole number from 1 to {_LONGEST_SECONDS}")
    return HttpProbe(asking=asking, options=options, tokens=options.tokens)
