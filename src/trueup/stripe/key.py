"""What an API key says about itself, before anybody is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trueup.model.errors import ConfigurationError

_SHAPE = re.compile(r"(?P<kind>sk|rk)_(?P<organisation>org_)?(?P<mode>live|test)_\w+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key. ``livemode`` is whether it reads what moves real money; a sandbox's key does not."""

    text: str = field(repr=False)
    livemode: bool
    is_restricted: bool

    @property
    def mode(self) -> str:
        """The mode in a word."""
        return "live" if self.livemode else "test"


def read_key(text: str, *, allow_full_key: bool) -> Key:
    """The key in this text. Raises ``ConfigurationError`` for one that cannot read, or could do more than read."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ConfigurationError(
            "stripe.api_key is no secret of Stripe's API; give it a restricted key that only reads: it begins with rk_."
        )
    if match["organisation"]:
        raise ConfigurationError(
            "stripe.api_key is a key of a whole organisation; give it a restricted key of the one account."
        )
    if match["kind"] == "sk" and not allow_full_key:
        raise ConfigurationError(
            "stripe.api_key is a full secret key, which could change and charge; make a restricted key that only "
            "reads, or set stripe.allow_full_key = true."
        )
    return Key(text=text, livemode=match["mode"] == "live", is_restricted=match["kind"] == "rk")


def refuse_other_mode(key: Key, *, livemode: bool) -> None:
    """Raises ``ConfigurationError`` when the key is not of the mode that ``policy.livemode`` says."""
    if key.livemode != livemode:
        expected = "live" if livemode else "test"
        raise ConfigurationError(
            f"stripe.api_key is a {key.mode} key and policy.livemode says that this environment is {expected}; "
            f"give it the {expected} key, or change policy.livemode."
        )
