"""Audit: read the books, run the checks on them, judge the guardrails, and record the run."""

from trueup.actions.audit.account_keys import Reference, references, trusted_relations
from trueup.actions.audit.check_runner import not_mapped, run_checks
from trueup.actions.audit.cluster import fitted_tables
from trueup.actions.audit.column_pruning import needed_mappings
from trueup.actions.audit.config_comparison import ConfigComparison, compare_configs
from trueup.actions.audit.configured import supply_configured
from trueup.actions.audit.exemption_matching import takes_plan
from trueup.actions.audit.gate_cells import plan_gates_of
from trueup.actions.audit.guardrails import aged, is_fresh, judge_release
from trueup.actions.audit.join_keys import hits_of_joins, hits_of_other_joins
from trueup.actions.audit.mapping_doubts import MAPPING_SUSPECT
from trueup.actions.audit.probe_gates import ask_the_app, check_probes, supply_gates
from trueup.actions.audit.recorded_audit import RecordedAudit, Recording, audit_and_record
from trueup.actions.audit.run_audit import audit_books, moment_of, report_on, with_period
from trueup.actions.audit.snapshot import copied_books, unique_key
from trueup.actions.audit.stored_exemptions import EffectiveExemption, effective_exemptions, with_stored_exemptions
from trueup.actions.audit.stripe_side import needed_of_stripe, stripe_key, stripe_supply
from trueup.actions.audit.stripe_tables import TableSupply, account_filter_of, read_moment, staleness, table_supply

__all__ = [
    "MAPPING_SUSPECT",
    "ConfigComparison",
    "EffectiveExemption",
    "RecordedAudit",
    "Recording",
    "Reference",
    "TableSupply",
    "account_filter_of",
    "aged",
    "ask_the_app",
    "audit_and_record",
    "audit_books",
    "check_probes",
    "compare_configs",
    "copied_books",
    "effective_exemptions",
    "fitted_tables",
    "hits_of_joins",
    "hits_of_other_joins",
    "is_fresh",
    "judge_release",
    "moment_of",
    "needed_mappings",
    "needed_of_stripe",
    "not_mapped",
    "plan_gates_of",
    "read_moment",
    "references",
    "report_on",
    "run_checks",
    "staleness",
    "stripe_key",
    "stripe_supply",
    "supply_configured",
    "supply_gates",
    "table_supply",
    "takes_plan",
    "trusted_relations",
    "unique_key",
    "with_period",
    "with_stored_exemptions",
]
