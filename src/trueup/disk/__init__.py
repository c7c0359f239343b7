"""Files that people name: read only if they are regular and of a bounded size, and written completely or not at all."""

from __future__ import annotations

from trueup.disk.modules import modules_offering
from trueup.disk.reading import FileRefused, read_file, refuse_other_than_file
from trueup.disk.writing import move_whole, whole_file

__all__ = ["FileRefused", "modules_offering", "move_whole", "read_file", "refuse_other_than_file", "whole_file"]
