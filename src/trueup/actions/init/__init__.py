"""Set up trueup: write a config for a live schema, and install the journal."""

from trueup.actions.init.exported_tables import gather_tables
from trueup.actions.init.first_audit import GuessedFindings, weigh_findings
from trueup.actions.init.journal_setup import install_journal
from trueup.actions.init.propose_config import (
    ProposedConfig,
    SampledSchema,
    proposed_config,
    sample_schema,
    write_config,
)
from trueup.actions.init.sampling import Sampler
from trueup.actions.init.second_run import compare_config
from trueup.mapping.questions import MOST_QUESTIONS, Choices, OpenQuestion, answered

__all__ = [
    "MOST_QUESTIONS",
    "Choices",
    "GuessedFindings",
    "OpenQuestion",
    "ProposedConfig",
    "SampledSchema",
    "Sampler",
    "answered",
    "compare_config",
    "gather_tables",
    "install_journal",
    "proposed_config",
    "sample_schema",
    "weigh_findings",
    "write_config",
]
