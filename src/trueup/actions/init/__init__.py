"""Set up trueup: write a config for a live schema, and install the journal."""

from trueup.actions.init.exported_tables import gather_tables
from trueup.actions.init.first_audit import GuessedFindings, weigh_findings
from trueup.actions.init.journal_setup import install_journal
from trueup.actions.init.propose_config import ProposedConfig, proposed_config, write_config

__all__ = [
    "GuessedFindings",
    "ProposedConfig",
    "gather_tables",
    "install_journal",
    "proposed_config",
    "weigh_findings",
    "write_config",
]
