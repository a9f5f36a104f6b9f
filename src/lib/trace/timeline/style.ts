/** The whole style of the page; light and dark as the reader's system is. Contrast of text is at least 4.5 : 1 in both. */
export const STYLE = `
:root { color-scheme: light dark; --zoom: 1; --names: 400px;
  --paper: #fbfaf8; --card: #ffffff; --ink: #22262b; --soft: #5c646e; --line: #e3e0da; --hover: #f3f0ea;
  --bar: #b9c4cf; --path: #0b6fb8; --failed: #c22f2f }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --card: #1c2026; --ink: #e6e8eb; --soft: #9aa4b0; --line: #2d333b; --hover: #262c34;
  --bar: #47525e; --path: #59b2f2; --failed: #ff7b72 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); height: 100vh; display: flex; flex-direction: column;
  font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
header { padding: 18px 22px 12px }
h1 { font-size: 20px; line-height: 1.2; margin: 0 0 2px; overflow-wrap: anywhere }
.soft { color: var(--soft); margin: 0 }
.waits { display: flex; flex-wrap: wrap; gap: 8px; list-style: none; margin: 12px 0; padding: 0 }
.waits li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 6px 12px; font-variant-numeric: tabular-nums }
.waits b { display: block; font-weight: 620 }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px }
input[type=search] { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 4px 10px; width: 260px }
button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 4px 11px; cursor: pointer }
button:hover { background: var(--hover) }
.chart { flex: 1; min-height: 160px; overflow: auto; border-top: 1px solid var(--line); background: var(--card) }
.row { display: flex; height: 24px; width: max-content; min-width: 100% }
.row[hidden] { display: none }
.row:hover, .row:hover .name { background: var(--hover) }
.row.chosen, .row.chosen .name { background: var(--hover); font-weight: 620 }
.name { position: sticky; left: 0; z-index: 1; flex: none; width: var(--names); padding: 1px 10px 0 calc(12px + var(--depth) * 14px);
  background: var(--card); border-right: 1px solid var(--line); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; cursor: pointer }
.name i { font-style: normal; color: var(--soft); font-weight: 400 }
.lane { position: relative; flex: none; width: calc((100vw - var(--names) - 20px) * var(--zoom)) }
.bar { position: absolute; top: 5px; height: 14px; min-width: 2px; border-radius: 3px; background: var(--bar); cursor: pointer }
.path .bar { background: var(--path) }
.failed .bar { background: var(--failed) }
.failed .name { color: var(--failed) }
.took { position: absolute; top: 2px; padding-left: 6px; font-size: 12px; color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; font-weight: 400 }
.took.before { transform: translateX(-100%); padding: 0 6px 0 0 }
.took.inside { color: var(--card); pointer-events: none }
.ruler { position: sticky; top: 0; z-index: 2; background: var(--card); border-bottom: 1px solid var(--line) }
.ruler .name { z-index: 3; color: var(--soft); cursor: default }
.ruler .lane span { position: absolute; top: 2px; padding-left: 4px; border-left: 1px solid var(--line); font-size: 12px; color: var(--soft); height: 22px; white-space: nowrap; font-variant-numeric: tabular-nums }
#facts { flex: none; max-height: 34vh; overflow: auto; border-top: 1px solid var(--line); padding: 10px 22px; display: grid; grid-template-columns: max-content 1fr; gap: 1px 16px; margin: 0 }
#facts[hidden] { display: none }
#facts dt { color: var(--soft) }
#facts dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13px }
:focus-visible { outline: 2px solid var(--path); outline-offset: -2px }
`
