"""Check a setup before it is used: the config, the databases, Stripe, the rights, the journal."""

from trueup.actions.doctor.config_faults import refuse_faults
from trueup.actions.doctor.fixes import FixedConfig, propose_fixes, write_fixes
from trueup.actions.doctor.observed import examine_data
from trueup.actions.doctor.preflight import Health, Symptom, examine_setup
from trueup.actions.doctor.price_proposals import PriceProposal, learn_prices, propose_prices
from trueup.actions.doctor.privileges import grants

__all__ = [
    "FixedConfig",
    "Health",
    "PriceProposal",
    "Symptom",
    "examine_data",
    "examine_setup",
    "grants",
    "learn_prices",
    "propose_fixes",
    "propose_prices",
    "refuse_faults",
    "write_fixes",
]
