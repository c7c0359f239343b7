"""The demo company: a plausible SaaS with planted faults, their innocent twins, and the truth about both.

    with make_company(accounts=500, seed=1, now=now) as company:
        company.write("sqlite:///demo/app.db")
        print(company.truth.text())

The same ``accounts``, ``seed``, ``months`` and ``now`` make the same rows, in every kind of database.
"""

from __future__ import annotations

from trueup.demo.company import Company, make_company

__all__ = ["Company", "make_company"]
