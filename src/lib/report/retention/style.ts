/** The whole style of the page; light and dark as the reader's system is. Contrast of text is at least 4.5 : 1 in both. */
export const STYLE = `
:root { color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #22262b; --soft: #5c646e; --line: #e3e0da; --lane: #efece6;
  --c0: #0b6fb8; --c1: #0a7f5f; --c2: #8a5cc2; --c3: #b35c00; --c4: #0e7c8b; --c5: #a8456f;
  --protected: #4a525c; --goes: #c22f2f; --goes-soft: #fdeceb; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --card: #1c2026; --ink: #e6e8eb; --soft: #9aa4b0; --line: #2d333b; --lane: #272c34;
  --c0: #59b2f2; --c1: #43c59e; --c2: #b795ec; --c3: #f0a04b; --c4: #4cc6d6; --c5: #ee8bb4;
  --protected: #aeb8c4; --goes: #ff7b72; --goes-soft: #3a2022; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em }
h2 { font-size: 17px; margin: 44px 0 4px }
p { margin: 0 0 8px; max-width: 72ch }
.soft { color: var(--soft) }
.numbers { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 8px }
.numbers div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 18px; min-width: 130px }
.numbers b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; font-weight: 620 }
.numbers .go b { color: var(--goes) }
.alarm { background: var(--goes-soft); border-left: 4px solid var(--goes); border-radius: 6px; padding: 10px 16px; margin: 12px 0; max-width: none }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; list-style: none; margin: 10px 0 16px; padding: 0 }
.legend li { display: flex; align-items: center; gap: 8px }
.legend svg { width: 14px; height: 16px; flex: none }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 20px 10px; margin: 0 0 14px }
article header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 4px 20px; margin-bottom: 6px }
h3 { font: 600 15px/1.4 ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; margin: 0; overflow-wrap: anywhere }
article header span { color: var(--soft); font-variant-numeric: tabular-nums }
article header .go { color: var(--goes) }
article > .scroll svg { display: block; width: 100%; min-width: 640px; height: auto }
line.lane { stroke: var(--lane); stroke-width: 8; stroke-linecap: round }
line.tick { stroke: var(--line); stroke-width: 1 }
text.tick { fill: var(--soft); font: 11px system-ui, "Segoe UI", Roboto, Arial, sans-serif }
text.sign { fill: var(--mark); font: 600 12px system-ui, "Segoe UI", Roboto, Arial, sans-serif }
.legend b { color: var(--soft); font-weight: 600 }
.c0 { --mark: var(--c0) } .c1 { --mark: var(--c1) } .c2 { --mark: var(--c2) }
.c3 { --mark: var(--c3) } .c4 { --mark: var(--c4) } .c5 { --mark: var(--c5) }
.rule rect { fill: var(--mark) }
.protected path { fill: var(--protected) }
.goes path { stroke: var(--goes); stroke-width: 1.8; stroke-linecap: round; fill: none }
g > g:hover rect, g > g:hover path { stroke: var(--ink); stroke-width: 2.4 }
details { margin: 2px 0 6px }
summary { cursor: pointer; color: var(--soft); width: max-content; border-radius: 4px }
summary:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px }
.scroll { overflow-x: auto }
details .scroll { margin-top: 8px }
@media (max-width: 640px) { main { padding: 24px 14px 40px } article { padding: 12px 14px 8px } }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums }
th { text-align: left; color: var(--soft); font-weight: 500; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line) }
td { padding: 5px 16px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top }
td:first-child { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; min-width: 27ch; overflow-wrap: anywhere }
td:nth-child(2) { white-space: nowrap }
tr.go td:nth-child(3) { color: var(--goes); font-weight: 600 }
footer { margin-top: 40px; color: var(--soft); font-size: 13px }
@media print { main { padding: 0 } article { break-inside: avoid } }
`
