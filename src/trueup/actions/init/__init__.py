"""Set up trueup: write a config for a live schema, and install the journal."""

from trueup.actions.init.journal_setup import install_journal
from trueup.actions.init.propose_config import proposed_config, write_config

__all__ = ["install_journal", "proposed_config", "write_config"]
