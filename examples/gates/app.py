"""A FastAPI application whose routes are behind plan gates.

    uvicorn examples.gates.app:app

Its accounts are fixed here, one for each plan; yours come from your own login.
"""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException

from examples.gates.access import FEATURES, LIMITS, allowance

app = FastAPI(title="An application with plan gates")

PLANS = ("FREE", "PRO", "TEAM")


def plan_of(authorization: Annotated[str, Header()] = "") -> str:
    """The plan of whoever asks. The tokens are those that the environment gives to the probe's own accounts."""
    for plan in PLANS:
        token = os.environ.get(f"GATES_TOKEN_{plan}")
        if token and authorization == f"Bearer {token}":
            return plan
    raise HTTPException(401, "Who are you?")


Plan = Annotated[str, Depends(plan_of)]


def refuse_unless_allowed(feature: str, plan: str) -> None:
    """The gate that every route goes through."""
    if not allowance(plan, feature):
        raise HTTPException(403, f"{feature} is not part of {plan}.")


@app.get("/exports")
def exports(plan: Plan) -> dict[str, list[str]]:
    """The exports of this account."""
    refuse_unless_allowed("exports", plan)
    return {"exports": []}


@app.get("/audit-log")
def audit_log(plan: Plan) -> dict[str, list[str]]:
    """What everybody in this account did."""
    refuse_unless_allowed("audit_log", plan)
    return {"entries": []}


@app.get("/api/gates/{feature}")
def gate(feature: str, plan: Plan) -> dict[str, dict[str, int]]:
    """Whether this account may use a feature: 200 or 403, with the numbers of what is limited."""
    if feature in LIMITS:
        return {"limits": {feature: int(allowance(plan, feature))}}
    if feature not in FEATURES:
        raise HTTPException(404, "There is no such feature.")
    refuse_unless_allowed(feature, plan)
    return {"limits": {}}
