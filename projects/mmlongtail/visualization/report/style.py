"""The style sheet of the report: light and dark, from a phone's width on."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d232b; --faint: #5b6673; --line: #d8dee6; --paper: #fff; --soft: #f3f5f8;
  --up: #0a7a3d; --down: #b3261e; --link: #0a58b0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --faint: #9aa5b3; --line: #38414d; --paper: #14181d; --soft: #1d232b; --up: #6fd39a;
    --down: #ff9b92; --link: #84b9ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
p, dd, figcaption, caption { max-width: min(48rem, 100vw - 1.5rem); }
figcaption, caption, .note { color: var(--faint); font-size: .875rem; }
caption { text-align: left; padding: .25rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .75rem .2rem 0; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child, .text td, .text th { text-align: left; }
thead th { background: var(--soft); position: sticky; top: 0; }
thead th, .numbers td { white-space: nowrap; }
.text td { overflow-wrap: anywhere; min-width: 8rem; }
.up { color: var(--up); } .down { color: var(--down); }
figure { display: inline-block; vertical-align: top; max-width: 100%; margin: 1rem 1.5rem 0 0; }
.scroll svg { display: block; max-width: 100%; height: auto; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .75rem; padding: 0;
  list-style: none; font-size: .8125rem; line-height: 1.35; }
.pictures img { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--soft); border-radius: 4px; }
.pictures .note { font-size: inherit; }
.pictures li { overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .75rem; background: var(--soft); font-size: .8125rem; border-radius: 4px; }
summary { cursor: pointer; padding: .25rem 0; }
@media (max-width: 40rem) {
  body { padding: .75rem; }
  .scroll svg { max-width: max(100%, calc(.6 * var(--width))); }
  thead th { white-space: normal; }
}
@media print { details > * { display: block; } nav { display: none; } }
"""
