"""What if customers were rewarded for bringing customers? A referral programme of three tiers as one more channel.

Ends in what_if_referral.png: the plan without it (now) and with it (planned).
"""

import io
from pathlib import Path

from attribution.economics import Referral, Tier
from attribution.plots import canvas
from optimizer import ReferralProgramme, compare
from optimizer.planning.run import run_plan
from optimizer.planning.stages.progress import Progress
from optimizer.plots import moves

QUARTER = Path(__file__).parent / "quarter"


def main() -> None:
    run, _ = run_plan(QUARTER / "plan.yaml", goal="optimize", progress=Progress(io.StringIO()))
    plan, curves = run.plan.plan, run.plan.curves

    tiers = (Tier(15, share=0.04, each=1.1), Tier(30, share=0.06, each=1.2), Tier(60, share=0.07, each=1.3))
    programme = Referral(customers=40_000, tiers=tiers, capacity=5_000, already=0.01)
    print("What each tier would do if all customers were offered it, as stated and not measured; EUR of the quarter")
    told = ["reward", "k", "referred", "customers", "outlay", "cac"]
    print(programme.points()[told].round(3).to_string(index=False))
    print("k: whom one customer brings; customers: beyond those who come without a reward")

    whole = ReferralProgramme(programme)
    timid = ReferralProgramme(
        Referral(40_000, tiers[:1], capacity=5_000, already=0.03), "referral, hardly better than without"
    )
    comparison = compare(plan, curves, [whole, timid])
    print("\nThe plan without and with it, customers and blended CAC with 90 % intervals")
    for name, row in comparison.frame.iterrows():
        customers = f"{row['customers']:,.0f} ({row['customers_low']:,.0f} to {row['customers_high']:,.0f})"
        outlay = row["blended_cac"] * row["customers"]  # fixed cost and spend
        cac = f"{row['blended_cac']:.1f} ({outlay / row['customers_high']:.1f} to {outlay / row['customers_low']:.1f})"
        print(f"  {name}: {row['spend']:,.0f} EUR, customers {customers}, blended CAC {cac}")

    before, after = (comparison.allocations[name] for name in comparison.frame.index[:2])
    paid = float(after.spend["referral"])
    print("\nRewards in the plan:", f"{paid:,.0f}")
    for tier, share in programme.offer(paid):
        print(f"  {tier.reward:.0f} EUR for each customer, offered to {share:.0%} of the customers")
    moves(before, after, canvas(9, 4.6)).figure.savefig("what_if_referral.png", dpi=130)


if __name__ == "__main__":
    main()
