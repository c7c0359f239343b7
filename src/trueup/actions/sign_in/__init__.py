"""Sign a browser in and out: with an API token, or with a one-time link that was made for a token."""

from trueup.actions.sign_in.break_glass import BreakGlassLink, make_break_glass_link
from trueup.actions.sign_in.forms import FORM_HOURS, FormTokens, check_form_token, use_form_token, use_state
from trueup.actions.sign_in.links import LINK_MINUTES, NewLink, make_sign_in_link, sign_in_with_link
from trueup.actions.sign_in.sessions import (
    SESSION_HOURS,
    NewSession,
    SignInRefused,
    authenticate_session,
    begin_person_session,
    end_every_session,
    end_session,
    sign_in_with_token,
)

__all__ = [
    "FORM_HOURS",
    "LINK_MINUTES",
    "SESSION_HOURS",
    "BreakGlassLink",
    "FormTokens",
    "NewLink",
    "NewSession",
    "SignInRefused",
    "authenticate_session",
    "begin_person_session",
    "check_form_token",
    "end_every_session",
    "end_session",
    "make_break_glass_link",
    "make_sign_in_link",
    "sign_in_with_link",
    "sign_in_with_token",
    "use_form_token",
    "use_state",
]
