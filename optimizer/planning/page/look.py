"""The page's style sheet: the house's colours in light and in dark."""

from __future__ import annotations

from attribution.drawing.palette import ACCENT, GOOD, INK, LINE, NOW, SOFT, WARN, WASH

__all__ = ["STYLE"]

STYLE = f"""
.stApp {{ --ink: light-dark({INK}, #e6eaef); --soft: light-dark({SOFT}, #a3aebb); --line: light-dark({LINE}, #333c47);
  --wash: light-dark({WASH}, #1c2229); --accent: light-dark({ACCENT}, #8ab8ee); --good: light-dark({GOOD}, #6cc79a);
  --warn: light-dark({WARN}, #e0a458); --bad: light-dark(#b3261e, #f08a80); --now: light-dark({NOW}, #8b96a3); }}
.stMain .stMainBlockContainer {{ padding: 1.25rem 2rem 4rem; max-width: 84rem; }}
.stMain [data-testid=stVerticalBlock] {{ gap: .6rem; }}
.stHtml header h1 {{ font-size: 1.5rem; line-height: 1.25; padding: 0; margin: 0; overflow-wrap: anywhere; color: var(--ink); }}
.stHtml header p, .stHtml .note, .stHtml small {{ color: var(--soft); font-size: .8125rem; margin: .15rem 0 0; }}
.stHtml h2 {{ font-size: .875rem; line-height: 1.3; font-weight: 650; padding: 0; margin: 0; color: var(--ink); }}
.stHtml .verdict {{ border-left: 5px solid var(--good); background: var(--wash); color: var(--ink); padding: .7rem 1rem;
  border-radius: 0 8px 8px 0; font-size: .9375rem; line-height: 1.45; overflow-wrap: anywhere; }}
.stHtml .verdict.warn {{ border-color: var(--warn); }} .stHtml .verdict.bad {{ border-color: var(--bad); }}
.stHtml .cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: .75rem; }}
.stHtml .card {{ border: 1px solid var(--line); border-radius: 8px; padding: .65rem .9rem; color: var(--ink); min-width: 0; }}
.stHtml .card.yours {{ border-color: var(--accent); box-shadow: inset 0 3px 0 var(--accent); }}
.stHtml .card p {{ margin: 0; }} .stHtml .card .label {{ color: var(--soft); font-size: .8125rem; }}
.stHtml .card .figure {{ font-size: 1.5rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }}
.stHtml dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; font-size: .8125rem; margin: .35rem 0 0; }}
.stHtml dt {{ color: var(--soft); font-weight: 400; }} .stHtml dd {{ margin: 0; text-align: right; font-variant-numeric: tabular-nums; }}
.stHtml .channel {{ color: var(--ink); line-height: 1.35; font-variant-numeric: tabular-nums; }}
.stHtml .channel b {{ display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden;
  overflow-wrap: anywhere; font-weight: 600; font-size: .9375rem; }}
.stHtml .channel small {{ display: block; }}
.stHtml .line {{ position: relative; height: .5rem; border-radius: 3px; background: var(--line); margin: .25rem 0; overflow: hidden; }}
.stHtml .line i {{ position: absolute; top: 0; bottom: 0; }}
.stHtml .line .yours {{ left: 0; background: var(--accent); border-radius: 3px; }}
.stHtml .line .now, .stHtml .line .best {{ width: 3px; margin-left: -2px; }}
.stHtml .line .now {{ background: var(--ink); }} .stHtml .line .best {{ background: var(--warn); }}
.stHtml small .yours {{ color: var(--accent); }} .stHtml small .best {{ color: var(--warn); }}
.stHtml .scroll {{ overflow-x: auto; }}
.stHtml table {{ border-collapse: collapse; width: 100%; font-size: .875rem; color: var(--ink); font-variant-numeric: tabular-nums; }}
.stHtml caption {{ text-align: left; font-weight: 650; padding: .25rem 0; color: var(--ink); caption-side: top; }}
.stHtml th, .stHtml td {{ text-align: right; padding: .35rem .6rem; border: 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }}
.stHtml th:first-child, .stHtml td:first-child {{ text-align: left; }} .stHtml tbody th {{ font-weight: 400; max-width: 22rem; }}
[class*=st-key-channel_] {{ border-bottom: 1px solid light-dark({LINE}, #333c47); padding-bottom: .5rem; }}
@media (max-width: 46rem) {{ .stMain .stMainBlockContainer {{ padding: 1rem; }} }}
"""
