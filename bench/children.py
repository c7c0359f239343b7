"""Run a script in a Python process of its own, so that what is measured is that process alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


def run_child(script: str, *arguments: str) -> dict[str, Any]:
    """Run the script and return the JSON object that its last line is."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
