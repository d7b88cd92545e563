"""What plans promise and what they bring, on companies whose true curves are known.

Run: python tests/benchmarks/planning_truth.py [--kinds "riders;clean"] [--seeds 4] [--first 105] [--keep FOLDER]
         [--only-kept] [--pymc-marketing PYTHON] [--meridian PYTHON]

Each company (planning_companies; by ``--kinds "faint followers;no followers"`` those without a log, whose channels
follow an unseen demand or none) is asked three questions for 13 weeks: least blended CAC for as many customers as
today's spend brings, each channel within 50 % of today's spend and a fixed cost of half of all spend; most customers
for today's money, each channel within 50 %; and within 0 to 3 times. Ways to answer:

run
    The stages of ``cac plan`` by its defaults: pooled draws of the readings that stand, riders held, tried spend.
model alone
    The fit's draws, nothing held: plan.explore, plan.raise_riders, and no other readings.
last touch
    Today's money divided as last touch credits it, within the same limits; where there is a log.
scaled
    Today's mix at the run's spend.
a peer
    The posterior mean of its curves, most by our optimizer; only where its Python is given, as mmm_peers asks it.

Improvement counts in customers at equal money, or in the fall of blended CAC. A plan that truly brings fewer customers
than it was asked for has a lower blended CAC for that alone, down to below the best plan's. So the first question is also
counted *at as many*: the plan's mix, more or less of all of it within the limits, until it truly brings today's
customers; by this the run is held beside rivals. *Captured* is the true improvement over
that of the best plan under the true curves. A question's ratio is predicted over true improvement, summed over
companies in per cent of today's figure. *Corrected* is what a run's report makes of its plan's improvement by
experience (optimizer/planning/stages/experience.py), each company by the ratio of all others with that aim,
or of fewer than twelve by the ratio that a report uses. A plan is *followed* where the corrected frequency of beating
today reaches plan.confidence, as a run advises; else today's spend is kept. No two
companies share a seed: what chance gave one kind would speak for the others again. Exit code 1 where the corrected ratio leaves .85 to 1.15 in a question, corrected and true
frequency of beating today lie more than 4 points apart, corrected 90 % intervals of the improvement hold under 85 % or
over 95 % of the truths, or a rival's true improvement is larger on the companies that it answered. The model alone is ours
and no rival.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import environments
import mmm_peers
import numpy as np
import pandas as pd
import scipy.optimize
from mmm_verdicts import verdict
from planning_companies import HIDDEN, OTHERS, OWN, WEEKS, Company, made

import mmm
import optimizer
from attribution import Journeys, LastTouch, intent_riders
from mmm.curves import Hill, Logistic
from mmm.simulate.weekly_world import WorldData
from optimizer.planning.file.config import read_config
from optimizer.planning.file.keys.plan import PlanSection
from optimizer.planning.inputs.inputs import read_inputs
from optimizer.planning.stages.experience import experience_of
from optimizer.planning.stages.model import mix_model
from optimizer.planning.stages.optimize import make_plan

QUESTIONS = {
    "least CAC, as many customers": ("minimize: blended_cac", (0.5, 1.5)),
    "same money, within 50 %": ("maximize: customers", (0.5, 1.5)),
    "same money, 0 to 3 times": ("maximize: customers", (0.0, 3.0)),
}
RUN, CORRECTED, ALONE, LAST, SCALED = "run", "run, corrected", "model alone", "last touch", "scaled"
PEERS = ("PyMC-Marketing, nutpie", "Meridian, JAX")
POINTS = np.linspace(0.005, 0.995, 100)
FEWER = {"chains": 4, "draws": 500, "tune": 1000}
_APART = 1000  # seeds of companies that are asked for by name
ENOUGH = 12  # companies whose ratio says something; of fewer the shipped one is used
SURE = PlanSection.model_fields["confidence"].default
RATIO, APART, HOLDS = (0.85, 1.15), 0.04, (0.85, 0.95)


def fixed_cost(company: Company) -> float:
    """Of the first question."""
    return 0.5 * float(company.now.sum())


def section(company: Company, question: str, more: str = "") -> str:
    """The plan section of a question."""
    aim, (least, most) = QUESTIONS[question]
    lines = ["plan:", f"  weeks: {WEEKS}", f"  {aim}", f"  fixed_cost: {fixed_cost(company)}"]
    lines += [f"  every_channel: {{at_least: {least - 1:+.0%}, at_most: {most - 1:+.0%}}}"]
    lines += ["  budget: {exactly: +0%}"] if aim.startswith("maximize") else ["  customers: {at_least: +0%}"]
    return "\n".join([*lines, more]) + "\n"


def figure(company: Company, question: str, spend: pd.Series, customers: Any) -> Any:
    """What the question wants, larger is better: customers, or minus blended CAC."""
    if QUESTIONS[question][0].startswith("maximize"):
        return customers
    return -(fixed_cost(company) + float(spend.sum())) / customers


def true_figure(company: Company, question: str, spend: pd.Series) -> float:
    """That figure under the true curves."""
    return float(figure(company, question, spend, company.customers(spend)))


def asked_directly(company: Company, question: str, curves: mmm.ResponseCurves, organic: Any) -> optimizer.Plan:
    """The question in Python, without the run's own limits."""
    aim, (least, most) = QUESTIONS[question]
    limits = [optimizer.Channel(name).relative(least, most) for name in company.channels]
    cost = fixed_cost(company)
    if aim.startswith("minimize"):
        objective = optimizer.BlendedCAC(fixed_cost=cost, organic=organic)
        as_many = organic + float(curves.customers(company.now).mean())
        limits.append(optimizer.Customers(at_least=as_many, organic=organic))
        return optimizer.Plan(minimize=objective, subject_to=limits, now=company.now)
    limits.append(optimizer.Budget(exactly=float(company.now.sum())))
    return optimizer.Plan(maximize=optimizer.Customers(organic=organic), subject_to=limits, now=company.now)


def answers(company: Company) -> dict[str, Any]:
    """Our answers to every question of one company, and what needs no model."""
    start = time.perf_counter()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config, document = read_config(company.written(folder, section(company, next(iter(QUESTIONS)))))
        inputs = read_inputs(config, document)
        posterior = mmm.fit(inputs.panel, mix_model(config, inputs), seed=company.seed)
        rivals = mmm.rivals(posterior)
        marks = () if inputs.journeys is None else tuple(intent_riders(inputs.journeys))
        for question in QUESTIONS:
            for way, draws, more in (
                (RUN, rivals.pooled(), ""),
                (ALONE, posterior, "  explore: true\n  raise_riders: true"),
            ):
                (folder / "plan.yaml").unlink()
                asked, _ = read_config(company.written(folder, section(company, question, more)))
                found = make_plan(asked, inputs, draws, (*marks, *posterior.diagnostics), lambda *_: None)
                rows.append(_of_a_run(company, question, way, found))
            spends = {SCALED: company.now * rows[-2]["total"] / company.now.sum()}
            if inputs.journeys is not None:
                spends[LAST] = by_last_touch(company, question, inputs.journeys)
            rows += [_of_a_spend(company, question, way, spend) for way, spend in spends.items()]
            rows.append(_best(company, question))
    verdicts = rivals.scores["verdict"].to_dict()
    return {"rows": rows, "fit": time.perf_counter() - start, "converged": posterior.converged, "verdicts": verdicts}


def peers_answers(company: Company, peer: str, python: str, cache: Path) -> dict[str, Any]:
    """A peer's answer to every question of one company."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        curves, organic = peers_curves(company, peer, python, Path(place), cache)
    rows = [_of_curves(company, question, peer, curves, organic) for question in QUESTIONS]
    return {"rows": rows, "fit": time.perf_counter() - start}


def _of_a_run(company: Company, question: str, way: str, found: Any) -> dict[str, Any]:
    planned, now = found.planned, found.now
    better = figure(company, question, planned.spend, planned.customers)
    today = figure(company, question, now.spend, now.customers)
    gain = better - today
    low, high = np.quantile(gain, [0.05, 0.95])
    said = figure(company, question, planned.spend, planned.customers.mean()) - figure(
        company, question, now.spend, now.customers.mean()
    )
    row = _of_a_spend(company, question, way, planned.spend)
    return row | {
        "predicted": float(said),
        "said": float(np.mean(gain > 0)),
        "low": float(low),
        "high": float(high),
        "gains": np.quantile(gain, POINTS).tolist(),
        "held": [one.channel for one in found.held],
    }


def customers_gained(company: Company, row: dict[str, Any]) -> float:
    """Share by which true customers of a kept row exceed today's: below zero, a promise of as many is broken."""
    if aim_of(row["question"]) == "customers":
        return float(row["true"] / row["today"])
    cost, now = fixed_cost(company), float(company.now.sum())
    return float((cost + row["total"]) / (cost + now) * row["today"] / (row["today"] - row["true"]) - 1)


def aim_of(question: str) -> str:
    """What experience calls the figure that a question asks about."""
    return "customers" if QUESTIONS[question][0].startswith("maximize") else "blended CAC"


def ratio_of_others(done: list[tuple[Company, dict[str, Any]]]) -> pd.Series:
    """By aim and company, predicted over true improvement of the run's plans for all other companies."""
    runs = [(aim_of(row["question"]), company.name, row) for company, row in done if row["way"] == RUN]
    per_cent = [(aim, name, row["predicted"] / row["today"], row["true"] / row["today"]) for aim, name, row in runs]
    sums = pd.DataFrame(per_cent, columns=["aim", "company", "predicted", "true"]).groupby(["aim", "company"]).sum()
    others = sums.groupby("aim").transform("sum") - sums
    return others["predicted"] / others["true"]


def corrected(company: Company, row: dict[str, Any], ratios: pd.Series) -> dict[str, Any]:
    """A run's row as a report corrects it whose experience is that of all other companies."""
    aim = aim_of(row["question"])
    known = experience_of(aim)
    if len(ratios[aim]) >= ENOUGH:
        known = replace(known, ratio=ratios[aim, company.name])
    found = known.corrected(row["predicted"], np.array(row["gains"]), lower_is_better=False)
    told = {"predicted": found.change.point, "low": found.change.low, "high": found.change.high}
    told |= {"said": found.probability_better}
    return row | {"way": CORRECTED} | (told if row["predicted"] > 0 else {})


def _of_a_spend(company: Company, question: str, way: str, spend: pd.Series) -> dict[str, Any]:
    before = true_figure(company, question, company.now)
    true = true_figure(company, question, spend) - before
    even = true if aim_of(question) == "customers" else true_figure(company, question, as_many(company, spend)) - before
    row = {"question": question, "way": way, "true": true, "true at as many": even, "today": abs(before)}
    return row | {"total": float(spend.sum()), "spend": spend.to_dict()}


def as_many(company: Company, spend: pd.Series) -> pd.Series:
    """The first question's plan, scaled within its limits until it truly brings as many customers as today's spend."""
    least, most = (part * company.now for part in next(iter(QUESTIONS.values()))[1])
    asked = float(company.customers(company.now))

    def missing(factor: float) -> float:
        return float(company.customers(np.clip(factor * spend, least, most))) - asked

    return np.clip(scipy.optimize.brentq(missing, 0.1, 10.0) * spend, least, most)


def _of_curves(company: Company, question: str, way: str, curves: mmm.ResponseCurves, organic: float) -> dict[str, Any]:
    plan = asked_directly(company, question, curves, organic)
    spend = plan.solve(curves).spend
    gained = [organic + float(curves.customers(money).mean()) for money in (spend, company.now)]
    said = figure(company, question, spend, gained[0]) - figure(company, question, company.now, gained[1])
    return _of_a_spend(company, question, way, spend) | {"predicted": float(said)}


def _best(company: Company, question: str) -> dict[str, Any]:
    plan = asked_directly(company, question, company.curves, company.organic)
    return _of_a_spend(company, question, "best", plan.solve(company.curves).spend)


def by_last_touch(company: Company, question: str, journeys: Journeys) -> pd.Series:
    """Today's money in proportion to last touch's credit, every channel within its limits."""
    credit = LastTouch()(journeys).conversions.reindex(list(company.channels)).fillna(0.0)
    least, most = QUESTIONS[question][1]
    weights = np.maximum(credit.to_numpy(float), 1e-9 * max(float(credit.sum()), 1.0))
    lows, highs, total = least * company.now.to_numpy(), most * company.now.to_numpy(), float(company.now.sum())
    below, above = 0.0, total / weights.min()
    for _ in range(200):  # the scale at which clipped shares use all the money
        middle = 0.5 * (below + above)
        below, above = (middle, above) if np.clip(middle * weights, lows, highs).sum() < total else (below, middle)
    return pd.Series(np.clip(above * weights, lows, highs), index=company.now.index)


def peers_curves(
    company: Company, peer: str, python: str, folder: Path, cache: Path
) -> tuple[mmm.ResponseCurves, float]:
    """A peer's curves over 13 weeks, draw by draw, and the organic customers that its fit leaves."""
    _, code, sampler = mmm_peers.PEERS[peer]
    data = WorldData(company.table, company.table.head(0), company.channels, company.controls)
    weekly = (company.now / WEEKS).to_dict()
    asked = mmm_peers.written(data, folder) | FEWER | {"weekly": weekly, "sampler": sampler}
    variables = {"PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}", "NUMBA_CACHE_DIR": str(cache / "numba")}
    given = (str(folder), str(folder / "draws.npz"), json.dumps(asked))
    answer = environments.run(python, code, *given, variables=variables, seconds=3600.0)
    if "failed" in answer:
        raise RuntimeError(f"{peer}: {answer['failed']}")
    with np.load(folder / "outcome.npz") as found:
        top, half, slope, brought = (found[name] for name in ("top", "half", "slope", "brought"))
    family: Callable[..., Any] = Logistic if peer.startswith("PyMC") else Hill
    weeks = {
        name: family(*(values[:, place] for values in ((top, half) if family is Logistic else (top, half, slope))))
        for place, name in enumerate(company.channels)
    }
    organic = float(company.table["new_customers"].mean() - brought.sum(axis=1).mean() / len(company.table)) * WEEKS
    return mmm.ResponseCurves(weeks).over(WEEKS), organic


def asked_for(kinds: Sequence[str], first: int, each: int) -> Iterator[tuple[str, int]]:
    """Kinds and seeds, every kind once before any twice; a kind has the same seeds whatever others are asked for."""
    for turn in range(each):
        for every, start in (([*OWN, *OTHERS], first), ([*HIDDEN], first + _APART)):
            for place, kind in enumerate(every):
                if kind in kinds:
                    yield kind, start + turn * len(every) + place


def all_answers(
    company: Company, keep: Path, pythons: dict[str, str], *, only_kept: bool
) -> Iterator[tuple[Company, dict[str, Any]]]:
    """Ours and the peers' answers, each kept in a file of its own; peers kept earlier need no Python."""
    ours = keep / f"{company.name}.json"
    if ours.exists() or not only_kept:
        yield company, environments.kept(ours, lambda: answers(company))
    for peer in PEERS:
        path = keep / f"{company.name}-{peer.split(',')[0]}.json"
        if path.exists() or (peer in pythons and not only_kept):
            ask = partial(peers_answers, company, peer, pythons.get(peer, ""), keep / "compiled")
            yield company, environments.kept(path, ask)


def table_of(done: list[tuple[Company, dict[str, Any]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per question and way over all companies, and all rows."""
    plain = [(company, row) for company, answer in done for row in answer["rows"]]
    ratios = ratio_of_others(plain)
    every = [*plain, *((company, corrected(company, row, ratios)) for company, row in plain if row["way"] == RUN)]
    rows = pd.DataFrame([{"kind": company.kind, "seed": company.seed, **row} for company, row in every])
    best = rows[rows["way"] == "best"].set_index(["kind", "seed", "question"])["true"]
    key = pd.MultiIndex.from_frame(rows[["kind", "seed", "question"]])
    rows["attainable"] = best.reindex(key).to_numpy()
    for name in ("predicted", "true", "true at as many", "low", "high", "attainable"):
        rows[f"{name} %"] = 100 * rows[name] / rows["today"]
    rows["customers %"] = 100 * np.array([customers_gained(*pair) for pair in every])
    rows["came true"] = (rows["true"] > 0).astype(float)
    rows["interval holds"] = rows["true"].between(rows["low"] - 1e-9, rows["high"] + 1e-9).astype(float)
    rows.loc[rows["low"].isna(), "interval holds"] = np.nan
    groups = rows[rows["way"] != "best"].groupby(["question", "way"], sort=False)
    table = groups[
        ["predicted %", "true %", "true at as many %", "customers %", "said", "came true", "interval holds"]
    ].mean()
    table["ratio"] = table["predicted %"] / table["true %"]
    table[["ratio 5%", "ratio 95%"]] = np.array([_spread(part) for _, part in groups])
    table["captured"] = groups["true at as many %"].sum() / groups["attainable %"].sum()
    table["companies"] = groups.size()
    return table, rows


def _spread(rows: pd.DataFrame) -> tuple[float, float]:
    """90 % interval of the ratio over companies drawn with replacement."""
    predicted, true = rows["predicted %"].to_numpy(), rows["true %"].to_numpy()
    drawn = np.random.default_rng(0).integers(0, len(rows), (2000, len(rows)))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanquantile(predicted[drawn].mean(axis=1) / true[drawn].mean(axis=1), [0.05, 0.95])
    return float(low), float(high)


def beside_rivals(rows: pd.DataFrame) -> pd.DataFrame:
    """Per question and rival, true improvements in per cent, at as many customers, and captured shares of both's companies."""
    wide = rows.pivot_table(index=["question", "kind", "seed"], columns="way", values="true at as many %", sort=False)
    lines = []
    for question in QUESTIONS:
        for rival in [way for way in (SCALED, LAST, *PEERS) if way in wide]:
            part = wide.loc[question].dropna(subset=[rival])
            best = part["best"].sum()
            line = {"question": question, "rival": rival, "companies": len(part)}
            for way in (RUN, ALONE, rival):
                name = "rival" if way == rival else way
                line |= {f"{name} %": part[way].mean(), f"{name} captured": part[way].sum() / best}
            if question.startswith("least"):
                gained = rows[rows["question"] == question].pivot_table("customers %", ["kind", "seed"], "way")
                line |= {f"customers % {way}": gained.loc[part.index, way].mean() for way in (RUN, ALONE)}
                line["customers % rival"] = gained.loc[part.index, rival].mean()
            for way in (RUN, ALONE):
                ahead = part[way] - part[rival]
                line |= {f"{way} ahead": ahead.mean(), f"± {way}": ahead.sem(), f"{way} better": (ahead > 0).mean()}
            lines.append(line)
    return pd.DataFrame(lines).set_index(["question", "rival"])


def where_sure(rows: pd.DataFrame) -> pd.DataFrame:
    """What comes of plans that are followed where a run advises to: by question, and all questions together."""
    own = rows[rows["way"] == CORRECTED].assign(followed=lambda own: own["said"] >= SURE)
    own["beat today"] = own["came true"].where(own["followed"])
    own["worse"] = own["followed"] & (own["true"] <= 0)
    own["gained %"] = own["true %"].where(own["followed"], 0.0)
    parts = {question: own[own["question"] == question] for question in QUESTIONS} | {"all": own}
    table = pd.DataFrame({name: part[["followed", "beat today", "worse"]].mean() for name, part in parts.items()}).T
    table["captured"] = [part["gained %"].sum() / part["attainable %"].sum() for part in parts.values()]
    table["plans"] = [len(part) for part in parts.values()]
    return table


def judged(table: pd.DataFrame, rivals: pd.DataFrame) -> int:
    """Print what holds of the run; the exit code."""
    holds = {}
    for question in QUESTIONS:
        part = table.loc[question]
        own = part.loc[CORRECTED]
        ratio, gap, inside = own["ratio"], own["said"] - own["came true"], own["interval holds"]
        holds[f"{question}: predicted over true {ratio:.2f}, in .85 to 1.15"] = RATIO[0] <= ratio <= RATIO[1]
        holds[f"{question}: beats today, said less came true {gap:+.2f}, within .04"] = abs(gap) <= APART
        holds[f"{question}: intervals hold {inside:.2f}, in .85 to .95"] = HOLDS[0] <= inside <= HOLDS[1]
    for (question, rival), one in rivals.iterrows():
        ahead = f"{one['run ahead']:+.2f} ± {one['± run']:.2f} points of true improvement ahead"
        holds[f"{question}: {ahead} of {rival}, {one['companies']:.0f} companies"] = one["run ahead"] > 0
    return verdict(holds)


def main() -> int:
    """Read the command line, plan for every company, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", default="", help="joined by semicolons; all where not given")
    parser.add_argument("--seeds", type=int, default=4, help="how many of each kind")
    parser.add_argument("--first", type=int, default=105, help="seed; figures that are quoted begin with 105")
    parser.add_argument("--keep", type=Path, default=None, help="folder of what is done; a new one where not given")
    parser.add_argument("--only-kept", action="store_true", help="the tables of what is done, nothing more")
    parser.add_argument("--pymc-marketing", default="", help="a Python that has it")
    parser.add_argument("--meridian", default="", help="a Python that has it")
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="planning-truth-"))
    keep.mkdir(parents=True, exist_ok=True)
    print(f"Results of each company are kept in {keep}.", flush=True)
    kinds = [kind for kind in given.kinds.split(";") if kind] or [*OWN, *OTHERS]
    if unknown := set(kinds) - {*OWN, *OTHERS, *HIDDEN}:
        there = "; ".join([*OWN, *OTHERS, *HIDDEN])
        raise SystemExit(f"--kinds: no kind {', '.join(sorted(unknown))}; there are {there}")
    pythons = {
        peer: python for peer, python in zip(PEERS, (given.pymc_marketing, given.meridian), strict=True) if python
    }
    done = []
    for kind, seed in asked_for(kinds, given.first, given.seeds):
        done += all_answers(made(kind, seed), keep, pythons, only_kept=given.only_kept)
    table, rows = table_of(done)
    rivals = beside_rivals(rows)
    by_kind = rows[rows["way"] == RUN].groupby(["kind", "question"], sort=False)
    shown = by_kind[["predicted %", "true %", "attainable %", "said", "came true", "interval holds"]].mean()
    for aim, part in rows[rows["way"] == RUN].groupby(rows["question"].str.startswith("least")):
        low, high = _spread(part.groupby(["kind", "seed"])[["predicted %", "true %"]].sum())
        ratio = part["predicted %"].mean() / part["true %"].mean()
        said, true = part["said"].mean(), part["came true"].mean()
        name = "blended CAC" if aim else "customers"
        print(f"experience, {name}: {ratio:.2f} ({low:.2f} to {high:.2f}), said {said:.2f}, came true {true:.2f}")
    print(f"\nThe run, kind by kind:\n{shown.round(2).to_string()}\n\n{table.round(2).to_string()}\n")
    print(f"Followed where sure to beat today with {SURE}:\n{where_sure(rows).astype(float).round(3).to_string()}\n")
    print(f"Beside rivals, standard errors of the mean over companies:\n{rivals.round(2).to_string()}\n")
    return judged(table, rivals)


if __name__ == "__main__":
    sys.exit(main())
