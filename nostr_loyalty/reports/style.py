"""The look of the report's page: one column on a telephone, two on a screen; light or dark as the reader has it."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ground:#f6f5f2;--card:#fff;--ink:#1c1b19;--soft:#6b6862;--rule:#e4e1da;
--issued:#0f766e;--redeemed:#4f46e5;--expired:#b45309;--revoked:#be123c;--outstanding:#1d4ed8}
@media (prefers-color-scheme:dark){:root{--ground:#141416;--card:#1e1f23;--ink:#eceae6;--soft:#a3a09a;--rule:#34353b;
--issued:#2dd4bf;--redeemed:#a5b4fc;--expired:#fbbf24;--revoked:#fb7185;--outstanding:#60a5fa}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:70rem;margin:0 auto;padding:1rem}
section+section{margin-top:3rem;border-top:1px solid var(--rule);padding-top:1rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem .75rem;margin:.5rem 0 1rem}
h1{font-size:1.6rem;line-height:1.2;margin:0}
.when{margin:0;color:var(--soft);font-size:1.1rem}
h2{font-size:1rem;margin:0 0 .5rem}
.tiles{list-style:none;margin:0 0 1rem;padding:0;display:grid;gap:.75rem;
grid-template-columns:repeat(auto-fill,minmax(min(11.5rem,100%),1fr))}
.tiles li,.card{background:var(--card);border:1px solid var(--rule);border-radius:.75rem;padding:.9rem 1rem}
.tiles strong{display:block;font-size:1.45rem;line-height:1.2;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.tiles span{display:block;font-weight:600}
.tiles small{display:block;color:var(--soft);font-size:.85rem}
.cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(26rem,100%),1fr));align-items:start}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--ink);font-size:150px}
svg .axis{fill:var(--soft);font-size:140px}
svg .label{font-weight:600;font-size:160px}
svg .number{font-size:160px;font-variant-numeric:tabular-nums}
svg .grid{stroke:var(--rule);stroke-width:8}
svg .zero{stroke:var(--soft);stroke-width:12}
svg .touch{fill:transparent}
.issued{fill:var(--issued);background:var(--issued)}
.redeemed{fill:var(--redeemed);background:var(--redeemed)}
.expired{fill:var(--expired);background:var(--expired)}
.revoked{fill:var(--revoked);background:var(--revoked)}
.outstanding{fill:var(--outstanding)}
svg .line{fill:none;stroke:var(--outstanding);stroke-width:28;stroke-linejoin:round}
svg .area{opacity:.15}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0 0 .5rem;padding:0;font-size:.9rem}
.legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:.2rem;margin-right:.4rem}
details{margin-top:.5rem;font-size:.9rem}
summary{cursor:pointer;color:var(--soft);padding:.3rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.95rem}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.3rem .5rem;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap;font-weight:400}
th[scope=row]{text-align:left;white-space:normal}
th[scope=col]{color:var(--soft)}
th.of{padding-left:1.5rem;color:var(--soft)}
footer{max-width:70rem;margin:0 auto;padding:0 1rem 2rem;color:var(--soft);font-size:.85rem}
@media print{body{background:#fff}.card,.tiles li{break-inside:avoid}}
"""
