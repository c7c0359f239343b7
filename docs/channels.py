"""Make ``docs/channels.md`` from the channels themselves: what each says of itself, its options, and what it sends."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from docs.rows import table
from tests.support.alerts import alert
from trueup.channels import KINDS, options_of_kind, shown_by
from trueup.disk import whole_file
from trueup.model.options import Option

FILE = Path(__file__).parent / "channels.md"
MADE = "<!-- Made by `python -m docs.channels` from the channels themselves. Edit those, then run it again. -->"

SHOWN = alert(links={"Console": "https://trueup.example.com/runs/run-1"})

INTRODUCTION = """\
# Channels

A channel is where alerts go. Each is in `trueup.toml` under a name that you choose, as many of a kind as you like:
`[alerts.channels.NAME]` with its `kind` and its options. Write secrets as references, `${NAME}` or
`file:/run/secrets/x`.

`trueup doctor` checks the channels' settings without calling them; `trueup alerts test NAME` sends one message. A
wrong or unknown option is an error that names it.

Every channel keeps these promises:

- **Text that users of your app wrote stays text.** It cannot mention a person, become a link, begin a header or move a
  cursor. Secrets in it are masked.
- **A message that could not be sent waits.** After no answer, a timeout, 408, 425, 429 or 5xx (mail: 4xx) it is tried
  again, not before `Retry-After`. Any other refusal is final until a person corrects something.
- **Only public addresses are called**, unless you list others. A host name, an address or a network in

      [alerts]
      private_hosts = ["mail.internal", "10.1.0.0/16"]

  may be called inside your network, a listed name or address also by `http://`. Everything else is `https://` to a
  public address, without redirects, in ten seconds, and proxies of the environment are not used
  ([why](decisions/0009-outgoing-http.md)). Certificates are checked against the machine's own authorities;
  `SSL_CERT_FILE` names another file of them.
"""


def page() -> str:
    """The whole page, in Markdown."""
    lines = [MADE, "", *INTRODUCTION.splitlines()]
    for kind in KINDS:
        lines += ["", *_section(kind)]
    return "\n".join(lines).rstrip() + "\n"


def said_of(kind: str) -> str:
    """What a channel's module says of itself."""
    return inspect.getdoc(importlib.import_module(f"trueup.channels.{kind}")) or ""


def _section(kind: str) -> Iterator[str]:
    yield from (f"## {kind}", "")
    yield from said_of(kind).replace("``", "`").splitlines()
    yield ""
    yield from table(("option", "is", "default", "meaning"), map(_row, options_of_kind(kind)))
    yield from ("", "What it sends, for example:", "")
    text = shown_by(kind, SHOWN)
    yield from (f"```{'json' if text.startswith('{') else 'text'}", *text.splitlines(), "```")


def _row(option: Option) -> tuple[str, ...]:
    usual = "required" if option.required else f"`{option.usual}`" if option.usual is not None else ""
    secret = ", a secret" if option.secret else ""
    return f"`{option.name}`", option.type_words + secret, usual, option.means


if __name__ == "__main__":
    with whole_file(FILE) as file:
        file.write(page())
