"""Referral: what customers are offered for bringing customers, and what each tier would bring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attribution.numbers import amount, cost, count, decimal
from optimizer.planning.outputs.sections.section import Section, Table
from optimizer.planning.stages.result import Run

__all__ = ["REFERRAL"]


def _view(run: Run) -> dict[str, Any] | None:
    result = run.referral
    if result is None:
        return None
    programme = result.programme
    already = f", {decimal(programme.already, 3)} without a reward" if programme.already else ""
    return {
        "referral": {
            "sentence": result.sentence(run.config.currency, run.config.outcome),
            "findings": [finding.text for finding in result.findings],
            "terms": f"{count(programme.customers)} can refer{already}; at most {count(programme.capacity)} can come.",
            "rows": [
                {
                    "reward": cost(row["reward"]),
                    "k": decimal(row["k"], 3),
                    "referred": count(row["referred"]),
                    "customers": count(row["customers"]),
                    "outlay": amount(row["outlay"]),
                    "cac": cost(row["cac"]),
                    "offered": "yes" if row["offered"] else "no: a mix of others brings more",
                }
                for _, row in result.points.iterrows()
            ],
        }
    }


def _tables(run: Run) -> Iterator[Table]:
    result = run.referral
    if result is None:
        return
    offer = {tier.reward: share for tier, share in result.offer} if result.planned > 0 else {}
    frame = result.points.assign(planned_share=[offer.get(reward, 0.0) for reward in result.points["reward"]])
    yield Table("referral.csv", frame)


REFERRAL = Section("referral", "Referral", _view, tables=_tables)
