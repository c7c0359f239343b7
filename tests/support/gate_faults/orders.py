"""Faults of what a person says: arguments, the config, the baseline and the file of names."""

from __future__ import annotations

from pathlib import Path

from tests.support.gate_faults.documents import BYTES, UNKNOWN, USAGE, Fault, Rows, of_kinds, written
from tests.support.gating import CONFIG, before, save

Names = tuple[str, ...]


def said(*arguments: str) -> Fault:
    return lambda _: arguments


def config(more: str, *arguments: str) -> Fault:
    return written("trueup.toml", CONFIG + more, *arguments)


def own_check(content: str) -> Fault:
    """A check beside the config holds this."""

    def fault(folder: Path) -> Names:
        (folder / "checks").mkdir()
        return written("checks/own_check.py", content)(folder)

    return fault


def as_baseline(fault: Fault) -> Fault:
    """The baseline has this fault, and not the report."""

    def of_baseline(folder: Path) -> Names:
        good = (folder / "report.json").read_bytes()
        save(before(), folder / "report.json")
        fault(folder)
        (folder / "report.json").rename(folder / "baseline.json")
        (folder / "report.json").write_bytes(good)
        return ("--baseline", "baseline.json")

    return of_baseline


ARGUMENTS: Rows = {
    **{
        f"--max-age-minutes {value}": (said("--max-age-minutes", value), USAGE)
        for value in ("0", "-1", "1.5", "soon", "", "525601", "99999999999999999999", "1e3")
    },
    "--fail-on is no severity": (said("--fail-on", "never"), USAGE),
    "--fail-on is nothing": (said("--fail-on", ""), USAGE),
    "--format is no format": (said("--format", "pdf"), USAGE),
    "--also is no format": (said("--also", "pdf=verdict.pdf"), USAGE),
    "--also names no file": (said("--also", "json="), USAGE),
    "--also is only a file": (said("--also", "verdict.json"), USAGE),
    "--also goes to a folder": (said("--also", "json=."), USAGE),
    "--also goes through a file": (said("--also", "json=trueup.toml/verdict.json"), USAGE),
    "--output is a folder": (said("--output", "."), USAGE),
    "--output is in a folder that is a file": (said("--output", "report.json/verdict.json"), USAGE),
    "--output is a full disk": (said("--output", "/dev/full"), USAGE),
    "an option does not exist": (said("--fail-open"), USAGE),
    "an option lacks its value": (said("--baseline"), USAGE),
    "a word is no command": (said("quickly"), USAGE),
    "--since is nothing": (said("--since", ""), USAGE),
    "--since is far ahead": (said("--since", "9999-12-31"), USAGE),
    "--since is a month": (said("--since", "2026-02"), UNKNOWN),
    "--since has no hour": (said("--since", "2026-02-01T25:00"), USAGE),
    "--since is a day and more": (said("--since", "2026-02-01 or so"), USAGE),
    "--since names a run beside a baseline": (said("--since", "newest", "--baseline", "report.json"), USAGE),
    "--since names a run beside an environment": (said("--since", "abc", "--baseline-environment", "x"), USAGE),
    "--since names the newest run and there is none": (said("--since", "newest"), UNKNOWN),
    "--run is nothing": (said("--run", ""), USAGE),
    "--report is nothing": (said("--report", ""), USAGE),
    "--baseline is nothing": (said("--baseline", ""), USAGE),
    "--baseline-environment is nothing": (said("--baseline-environment", ""), USAGE),
    "--baseline-environment is white space": (said("--baseline-environment", " "), USAGE),
    "--config is not there": (said("--config", "none.toml"), USAGE),
    "--config is nothing": (said("--config", ""), USAGE),
}
CONFIGS: Rows = {
    "the config is no TOML": (config("[release\n"), USAGE),
    "the config is binary": (written("trueup.toml", b"\x7fELF\x02\x01\x01\x00"), USAGE),
    "the config is in UTF-16": (written("trueup.toml", CONFIG.encode("utf-16")), USAGE),
    "the config is empty": (written("trueup.toml", ""), USAGE),
    "the config is another tool's": (written("trueup.toml", "[tool.black]\nline-length = 88\n"), USAGE),
    "the config has a key twice": (config("[database]\nurl = 'sqlite:///b.db'\n"), USAGE),
    "the config has a table of another name": (config("[releases]\nfail_on = 'error'\n"), USAGE),
    "the config has a key of another name": (config("[release]\nfailon = 'error'\n"), USAGE),
    "the config's severity is a list": (config("[release]\nfail_on = ['error']\n"), USAGE),
    "the config's severity is off": (config("[release]\nfail_on = 'off'\n"), USAGE),
    "the config's age is nothing": (config("[release]\nmax_age_minutes = 0\n"), USAGE),
    "the config's age is a text": (config("[release]\nmax_age_minutes = '60'\n"), USAGE),
    "the config's age is more than a year": (config("[release]\nmax_age_minutes = 99999999999\n"), USAGE),
    "the config's baseline is a number": (config("[release]\nbaseline_environment = 7\n"), USAGE),
    "the config's baseline is nothing": (config("[release]\nbaseline_environment = ''\n"), USAGE),
    "the config's baseline was never audited": (config("[release]\nbaseline_environment = 'staging'\n"), UNKNOWN),
    "a shadow ends on no day": (config("[release.shadow]\n'credit-balance' = 'soon'\n"), USAGE),
    "a shadow ends at a moment": (config("[release.shadow]\n'credit-balance' = 2126-01-01T00:00:00Z\n"), USAGE),
    "a shadow is of every check": (config("[release.shadow]\n'*' = 2126-01-01\n"), USAGE),
    "the config is of another environment": (
        written("trueup.toml", CONFIG.replace("production", "staging")),
        UNKNOWN,
    ),
    "the config is of no environment": (written("trueup.toml", CONFIG.replace("production", "")), USAGE),
    "the config is of another period": (config("[policy]\nperiod_days = 30\n"), UNKNOWN),
    "a check beside the config cannot be loaded": (
        own_check("raise ValueError('x')\n"),
        USAGE,
    ),
    "a check beside the config is no check": (
        own_check("CHECK = 7\n"),
        USAGE,
    ),
    **of_kinds("the config", "trueup.toml", "--config", "trueup.toml"),
}
BASELINES: Rows = {
    **{
        f"{row.replace('report', 'baseline')}, as a baseline": (as_baseline(fault), code)
        for row, (fault, code) in BYTES.items()
    },
    **of_kinds("the baseline", "baseline.json", "--baseline", "baseline.json"),
}
ROWS: Rows = {**ARGUMENTS, **CONFIGS, **BASELINES}
