"""A Dockerfile as instructions. Leaves out heredocs, ONBUILD and escape directives, and replaces no variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction; ``value`` is its text on one line, without comments."""

    name: str
    value: str
    stage: int

    @property
    def flags(self) -> tuple[str, ...]:
        """The ``--name=value`` in front."""
        return tuple(re.findall(r"(?:^|(?<=\s))--\S+", self.value.partition(" CMD ")[0]))

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the flags, split at spaces."""
        return tuple(word for word in self.value.split() if word not in self.flags)

    @property
    def exec_form(self) -> list[str]:
        """The command as the kernel gets it. ``ValueError`` where it is one for a shell."""
        return [str(word) for word in json.loads(self.value[self.value.index("[") :])]


def instructions(path: Path) -> list[Instruction]:
    """What the file says, in its order. Stage 0 is before the first FROM."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found, stage = [], 0
    for line in whole.splitlines():
        name, _, value = line.partition(" ")
        stage += name == "FROM"
        found.append(Instruction(name=name, value=value.strip(), stage=stage))
    return found
