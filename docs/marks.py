"""The line at the head of each generated page."""

MADE = "<!-- Made by `python -m docs.generate` from the check itself. Edit the check, then run it again. -->"
