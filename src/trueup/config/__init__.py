"""``trueup.toml``: each key is declared once, read, checked, and resolved into values."""

from trueup.config.config import STORE_FILE, Config, load_config
from trueup.config.file import CONFIG_BYTES_LIMIT, document_at
from trueup.config.release import load_release_settings

__all__ = ["CONFIG_BYTES_LIMIT", "STORE_FILE", "Config", "document_at", "load_config", "load_release_settings"]
