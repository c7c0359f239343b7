"""Check a setup before it is used: the config, the databases, Stripe, the rights, the journal."""

from trueup.actions.doctor.config_faults import refuse_faults
from trueup.actions.doctor.observed import examine_data
from trueup.actions.doctor.preflight import Health, Symptom, examine_setup
from trueup.actions.doctor.privileges import grants

__all__ = ["Health", "Symptom", "examine_data", "examine_setup", "grants", "refuse_faults"]
