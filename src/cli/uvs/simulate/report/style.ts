/** The page's style: dark by the reader's setting, light on paper. Colours of lines are read from here by script.ts. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --text: #1d2129; --faint: #5d6675; --line: #d8dde5; --good: #1a7f37; --bad: #c01c28;
  --lines: #1f6fd6 #d9480f #2b8a3e #9c36b5 #a57c00 #0b7285 #c2255c #5c5f66; }
@media (prefers-color-scheme: dark) {
  :root { --page: #15181d; --text: #e3e7ee; --faint: #98a2b3; --line: #363c47; --good: #4ac26b; --bad: #ff6b6b;
    --lines: #6aa9ff #ff922b #69db7c #da77f2 #ffd43b #3bc9db #faa2c1 #adb5bd; }
}
body { background: var(--page); color: var(--text); font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .4rem 0; }
.about, figcaption span { color: var(--faint); }
.verdict { font-weight: 600; }
.holds td:first-child, .verdict.holds { color: var(--good); }
.fails td:first-child, .verdict.fails { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1.2rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
th { color: var(--faint); font-weight: 500; }
.number { text-align: right; }
td.number { white-space: nowrap; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(34rem, 100%), 1fr)); gap: 1.2rem; margin: 1.2rem 0; }
figure { margin: 0; min-width: 0; }
figcaption b { display: block; }
.u-legend { max-height: 8rem; overflow-y: auto; text-align: left; margin: 0; }
.u-legend th, .u-legend td { border: 0; color: inherit; }
@media print {
  :root { color-scheme: light; --page: #fff; --text: #000; --faint: #444; --line: #bbb; --good: #1a7f37; --bad: #c01c28;
    --lines: #1f6fd6 #d9480f #2b8a3e #9c36b5 #a57c00 #0b7285 #c2255c #5c5f66; }
  body { font-size: 11px; margin: 0; padding: 0; }
  .wide { overflow: visible; }
  .charts { grid-template-columns: 1fr 1fr; }
  figure, tr { break-inside: avoid; }
  thead { display: table-header-group; }
}
`
