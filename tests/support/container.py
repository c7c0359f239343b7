"""The image without a container engine: the build stage's steps in a folder, and commands run as its user.

Where this process is root and the kernel lets it, the root file system is read-only for such a command and it may gain
no rights; elsewhere it runs as whoever runs the tests. Network, process ids and memory are not separated.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.dockerfile import Instruction, instructions

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 600
USER = 10_001

# Everything is read-only but two folders; whoever runs there is nobody in particular and can become nobody else.
_CONFINED = """
mount --bind "$TRUEUP_TMP" "$TRUEUP_TMP"
mount --bind "$TRUEUP_VOLUME" "$TRUEUP_VOLUME"
mount -o remount,bind,ro /
exec setpriv --reuid "$TRUEUP_USER" --regid "$TRUEUP_USER" --clear-groups --no-new-privs --bounding-set=-all -- "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A folder that stands for the container: ``opt`` is its program, ``tmp`` and ``volume`` are where it may write."""

    folder: Path
    is_confined: bool

    @property
    def tmp(self) -> Path:
        """``/tmp``."""
        return self.folder / "tmp"

    @property
    def volume(self) -> Path:
        """``/var/lib/trueup``."""
        return self.folder / "volume"

    @property
    def config(self) -> Path:
        """``/etc/trueup/trueup.toml``."""
        return self.folder / "etc" / "trueup.toml"

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """Start this command in the container, with the environment that the image sets."""
        confined = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec", _CONFINED, "sh"]
        environment = {
            "PATH": f"{self.folder / 'opt' / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.tmp),
            "TRUEUP_CONFIG": str(self.config),
            "TRUEUP_TMP": str(self.tmp),
            "TRUEUP_VOLUME": str(self.volume),
            "TRUEUP_USER": str(USER),
            **variables,
        }
        return subprocess.Popen(
            [*(confined if self.is_confined else []), *command],
            cwd=self.volume,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run this command in the container to its end."""
        process = self.start(*command, **variables)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def trueup(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``trueup``; a traceback reaching the user fails right here."""
        done = self.run("trueup", *arguments, **variables)
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done


@contextlib.contextmanager
def container() -> Iterator[Container]:
    """The image, built by its own Dockerfile's build stage, and a container of it."""
    folder = Path(tempfile.mkdtemp(prefix="trueup-image-"))
    try:
        folder.chmod(0o755)
        for name in ("build", "etc", "tmp", "volume"):
            (folder / name).mkdir()
        for step in instructions(ROOT / "Dockerfile"):
            if step.stage == 1:
                _take(step, folder)
        is_confined = _can_confine(folder)
        if is_confined:
            for name in ("tmp", "volume"):
                os.chown(folder / name, USER, USER)
        yield Container(folder=folder, is_confined=is_confined)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _take(step: Instruction, folder: Path) -> None:
    """One step of the build stage, its paths and its Python those of this machine."""
    match step.name:
        case "COPY":
            *sources, target = step.words
            for source in sources:
                _copy(ROOT / source, folder / "build" / target, whole=len(sources) == 1 and not target.endswith("/"))
        case "RUN":
            command = step.value.replace("/opt/trueup", str(folder / "opt")).replace("--no-cache-dir ", "")
            command = command.replace("python -m", f"{_python()} -m")
            done = subprocess.run(
                ["sh", "-ec", command],
                cwd=folder / "build",
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        case _:
            assert step.name in {"FROM", "WORKDIR"}


def _python() -> str:
    """A Python that everybody on this machine may run, if there is one: this one may live in somebody's home."""
    here = Path(sys.executable).resolve()
    system = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin")
    return system if system and not _is_open_to_all(here) else str(here)


def _is_open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _copy(source: Path, target: Path, *, whole: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        return
    place = target if whole else target / source.name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def _can_confine(folder: Path) -> bool:
    tried = ["unshare", "--mount", "--propagation", "private", "--", "mount", "-o", "remount,bind,ro", "/"]
    has_tools = all(shutil.which(tool) for tool in ("unshare", "setpriv", "mount"))
    if os.getuid() != 0 or not has_tools or not _is_open_to_all(Path(_python()).resolve()):
        return False
    return subprocess.run(tried, cwd=folder, capture_output=True, check=False).returncode == 0
