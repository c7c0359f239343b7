"""Read ``[[exemptions]]``: what may be exempted, and what each must say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, refuse_unknown_check, suggestion
from trueup.model.finding import is_gate_check
from trueup.model.relations import Exemption

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from trueup.config.config_errors import Key
    from trueup.config.document import ExemptionSection


def exemptions_of(
    sections: Collection[ExemptionSection], *, known_checks: Collection[str] | None, plans: Collection[str], path: Path
) -> tuple[Exemption, ...]:
    """The exemptions of the file, each for one subject or one plan. Raises ``ConfigurationError``."""
    exemptions: dict[tuple[str, str | None, str | None], Exemption] = {}
    for position, section in enumerate(sections):
        key = ("exemptions", position)
        refuse_unknown_check(section.check, known_checks, (*key, "check"), path)
        _refuse_wrong_scope(section, plans, key, path)
        if section.expires is None and is_gate_check(section.check):
            raise complaint(
                path, key, f"needs expires: an exemption from {section.check} lets a release through, so it must end"
            )
        exemption = Exemption(
            check_id=section.check,
            subject=section.subject,
            plan=section.plan,
            owner=section.owner,
            reason=section.reason,
            expires_at=section.expires,
        )
        if exemption.scope in exemptions:
            raise complaint(path, key, f"exempts {exemption.scope_text} from {section.check} a second time")
        exemptions[exemption.scope] = exemption
    return tuple(exemptions.values())


def _refuse_wrong_scope(section: ExemptionSection, plans: Collection[str], key: Key, path: Path) -> None:
    if section.subject is None and section.plan is None:
        raise complaint(path, key, "names neither a subject nor a plan: say whose findings are accepted")
    if section.subject is not None and section.plan is not None:
        raise complaint(path, key, "names a subject and a plan: write one exemption for each")
    if section.plan is not None and section.plan not in plans:
        problem = f'names an unknown plan: there is no "{section.plan}" under [plans]{suggestion(section.plan, plans)}'
        raise complaint(path, (*key, "plan"), problem)
