"""Check a setup before it is used: the config, the databases, Stripe, the rights, the journal."""

from trueup.actions.doctor.config_faults import refuse_faults
from trueup.actions.doctor.preflight import Health, examine_setup
from trueup.actions.doctor.privileges import grants

__all__ = ["Health", "examine_setup", "grants", "refuse_faults"]
