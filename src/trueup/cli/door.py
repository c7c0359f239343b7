"""The door of the command line: every outcome of a command becomes at most one sentence, and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from trueup.model.errors import TrueupError

CLEAN, UNKNOWN, INTERRUPTED = 0, 3, 130
_SHOWN = 300
_AGAIN_SECONDS = 0.01
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@dataclass(slots=True)
class Debugging:
    """Whether the caller asked with ``--debug`` to see the traceback of an unexpected error."""

    is_on: bool = False


def leave(command: Callable[[Debugging], object]) -> None:
    """Run the command and leave the process with its exit code.

    ``command`` returns its exit code, or None for 0. An error that trueup raises on purpose is one sentence, with its
    own exit code. Every other error is exit code 3: a report that could not be written, memory that ran out, and errors
    in trueup, which are one sentence with an id and the name of the file that holds the traceback.
    """
    pressed: list[int] = []

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, on_interrupt)
    sys.unraisablehook = _press_again
    debugging = Debugging()
    code = _code_of(command, debugging, pressed)
    if pressed and code in (None, INTERRUPTED):
        code = _say("interrupted; nothing is half done, and the temporary snapshot is deleted.", INTERRUPTED)
    sys.exit(_flushed(code or CLEAN))


def _press_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a Ctrl-C again that fell where Python raises nothing, such as into a weak reference's callback."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


def _code_of(command: Callable[[Debugging], object], debugging: Debugging, pressed: list[int]) -> int | None:
    # The program's second broad except (decision 0037): a traceback does not help a person, and Python's own exit code
    # for one is 1, which says that there are findings.
    try:
        code = command(debugging)
    except TrueupError as error:
        return _say(_legible(str(error)), error.exit_code)
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # how the library reports a reader that went away
            return _explain(error.__context__, debugging)
        return error.code if isinstance(error.code, int) else CLEAN if error.code is None else UNKNOWN
    except BaseException as error:  # noqa: BLE001 - see above
        # Libraries wrap a Ctrl-C in errors of their own; what counts is that it was pressed.
        if pressed or isinstance(error, KeyboardInterrupt):
            return INTERRUPTED if pressed else _say("interrupted.", INTERRUPTED)
        return _explain(error, debugging)
    return code if isinstance(code, int) else None


def _explain(error: BaseException, debugging: Debugging) -> int:
    if isinstance(error, BrokenPipeError):
        _mute()
        return UNKNOWN
    if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
        return _unwritten(error)
    if isinstance(error, MemoryError):
        return _say("There is not enough memory for this; give the process more, or lower books.memory_limit.", UNKNOWN)
    return _unexpected(error, debugging)


def _unexpected(error: BaseException, debugging: Debugging) -> int:
    error_id = secrets.token_hex(4)
    trace = _redacted("".join(traceback.format_exception(error)))
    if debugging.is_on:
        with contextlib.suppress(OSError):
            sys.stderr.write(trace)
        return _say(f"An unexpected error (id {error_id}) ended this command.", UNKNOWN)
    from trueup.model.finding import printable  # noqa: PLC0415 - only when something went wrong

    what = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.strerror}: {printable(str(error.filename))}" if error.filename is not None else error.strerror
    place = _keep(trace, error_id)
    where = f"its traceback is in {place}" if place is not None else "`trueup --debug` before the command shows more"
    return _say(f"An unexpected error (id {error_id}) ended this command ({what[:_SHOWN]}); {where}.", UNKNOWN)


def _keep(trace: str, error_id: str) -> Path | None:
    """Write the traceback to a new file that only this user can read; None where that cannot be done."""
    with contextlib.suppress(OSError):
        path = Path(tempfile.gettempdir()) / f"trueup-error-{error_id}.txt"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(trace)
        return path
    return None


def _flushed(code: int) -> int:
    """The exit code, or 3 where the output cannot reach its reader. A reader that went away gets no message."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _mute()
        return UNKNOWN
    except OSError as error:
        return _unwritten(error)
    return code


def _unwritten(error: OSError) -> int:
    _mute()
    return _say(f"Standard output cannot be written: {error.strerror or 'no reason given'}.", UNKNOWN)


def _mute() -> None:
    """Discard what is still buffered for standard output, or the interpreter would try to write it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _say(sentence: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"trueup: {sentence}\n")
        sys.stderr.flush()
    return code


def _legible(text: str) -> str:
    from trueup.model.finding import printable  # noqa: PLC0415 - only when something went wrong

    return printable(_redacted(text))


def _redacted(text: str) -> str:
    from trueup.model.redact import redact  # noqa: PLC0415 - only when something went wrong

    return redact(text)
