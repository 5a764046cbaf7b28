"""How a page looks: on paper, narrow and wide, by day and by night."""

STYLE = """
:root { --page: #f6f7f9; --card: #ffffff; --text: #1c2126; --dim: #59636e; --line: #d6dbe1; --head: #f1f3f6;
  --link: #0a58b8; --del: #ffecea; --del-mark: #ffb9b3; --del-text: #a11519; --ins: #e4f7e7; --ins-mark: #97dfa5;
  --ins-text: #176b34; --mod: #8a5a00; --mod-soft: #fff3d6; --move: #6a3fb5; --move-soft: #efe8fb; --gap: #eef2f8;
  --blank: #f4f5f7; --shade: #00000024; --k: #8a1a6b; --b: #0b5d8a; --f: #2b4bb8; --s: #1d6332; --n: #8f4400;
  --c: #5d6873; --d: #6a3fb5; --r: #a11519; color-scheme: light dark }
@media (prefers-color-scheme: dark) { :root { --page: #12161b; --card: #1a1f26; --text: #e2e7ec; --dim: #9aa5b1;
  --line: #333c46; --head: #222932; --link: #7db4f5; --del: #3b1f22; --del-mark: #7d3038; --del-text: #ff9d97;
  --ins: #16321f; --ins-mark: #24613a; --ins-text: #82d99a; --mod: #e8b450; --mod-soft: #3a2f17; --move: #c3a6f5;
  --move-soft: #2e2542; --gap: #202833; --blank: #161b21; --shade: #00000080; --k: #f08ccb; --b: #77c4ee;
  --f: #9db4ff; --s: #8fd6a0; --n: #f0ae75; --c: #95a1ad; --d: #c3a6f5; --r: #ff9d97 } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0 auto; padding: 1.5rem 1.5rem 6rem; max-width: 110rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere }
code, pre, .code, table.json, .bytes { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas,
  "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 13px }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; letter-spacing: -0.01em }
h2 { margin: 0; font-size: 0.95rem; font-weight: 600 }
h3 { margin: 0 0 0.35rem; font-size: 0.8rem; font-weight: 600; color: var(--dim) }
p { margin: 0.4rem 0 }
.dim, .facts, .note, .mime { color: var(--dim) }
.badge { display: inline-block; padding: 0.05rem 0.55rem; border-radius: 1rem; font-size: 0.8rem; font-weight: 600;
  background: var(--head); color: var(--dim); white-space: nowrap }
.badge.added { background: var(--ins); color: var(--ins-text) }
.badge.removed { background: var(--del); color: var(--del-text) }
.badge.changed { background: var(--mod-soft); color: var(--mod) }
.badge.moved, .badge.split, .badge.merged { background: var(--move-soft); color: var(--move) }
.sign.added { color: var(--ins-text) }
.sign.removed { color: var(--del-text) }
.versions { font-size: 1.05rem }
nav.changes { margin: 1rem 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px }
nav.changes ol { margin: 0; padding: 0.4rem 0; list-style: none; max-height: 23rem; overflow: auto;
  background: linear-gradient(var(--card) 40%, transparent) 0 0 / 100% 2.5rem no-repeat local,
  linear-gradient(transparent, var(--card) 60%) 0 100% / 100% 2.5rem no-repeat local,
  linear-gradient(var(--shade), transparent) 0 0 / 100% 0.8rem no-repeat scroll,
  linear-gradient(transparent, var(--shade)) 0 100% / 100% 0.8rem no-repeat scroll }
nav.changes a { display: grid; grid-template-columns: 6.5rem 11.5rem 9rem minmax(0, 1fr); gap: 0.75rem;
  align-items: baseline; padding: 0.15rem 1rem; color: inherit }
nav.changes a:hover { background: var(--head); text-decoration: none }
nav.changes a .dim { font-size: 0.85rem }
nav.changes code { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }
nav.changes li.dim { padding: 0.15rem 1rem }
nav.changes .badge { justify-self: start }
section { position: relative; margin: 1rem 0; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; overflow: clip; contain: paint; isolation: isolate;
  content-visibility: auto; contain-intrinsic-height: auto 12rem }
section:target { border-color: var(--link); box-shadow: 0 0 0 1px var(--link) }
section > header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; padding: 0.5rem 1rem;
  background: var(--head); border-bottom: 1px solid var(--line) }
section > header .facts { flex: 1 1 12rem; font-size: 0.8rem }
section > header h2 a { color: inherit }
.steps a { display: inline-block; padding: 0 0.4rem; color: var(--dim) }
.output { padding: 0.6rem 1rem 0.75rem; border-top: 1px solid var(--line) }
.code + .output { border-top: 1px solid var(--line) }
.output > .code, .output > .single > .code, .output > details > .code { max-height: 36rem; overflow: auto }
.output .code, .output table { border: 1px solid var(--line); border-radius: 6px }
.mime, .note { margin: 0.15rem 0; font-size: 0.8rem }
.code .note { margin: 0; padding: 0.15rem 1rem; background: var(--gap) }
section > .note { padding: 0.5rem 1rem }
details > summary { cursor: pointer }
.output > details > summary { font-size: 0.8rem; color: var(--dim) }
details.gap > summary { padding: 0.15rem 1rem; background: var(--gap); color: var(--dim); font: 0.8rem/1.5 system-ui,
  sans-serif }
details.unchanged { margin: 0.6rem 0; color: var(--dim) }
details.unchanged > summary { padding: 0.1rem 1rem; font-size: 0.85rem }
.plain { margin: 0.4rem 0; padding: 0.4rem 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; contain: paint }
.plain pre { margin: 0.2rem 0 0; white-space: pre-wrap; color: var(--text) }
.plain .dim { font-size: 0.8rem }
.same { padding: 0.4rem 1rem; color: var(--dim) }
.same .code { margin: 0.3rem -1rem -0.4rem; color: var(--text) }
.rows { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); grid-auto-flow: row dense;
  background: linear-gradient(var(--line), var(--line)) 50% 0 / 1px 100% no-repeat, var(--blank) }
.rows > div, .one > div[data-n] { background: var(--card) }
.rows > del, .rows > .old { grid-column: 1 }
.rows > ins, .rows > .new { grid-column: 2; border-left: 1px solid var(--line) }
.code del, .code ins, .rows > div, .one > div { display: block; position: relative; min-height: 1.5em;
  padding: 0 0.75rem 0 4.6rem; white-space: pre-wrap; tab-size: 4; text-decoration: none; line-height: 1.5;
  unicode-bidi: isolate }
.code del::before, .code ins::before, .rows > div::before, .one > div[data-n]::before { content: attr(data-n);
  position: absolute; left: 0; width: 2.9rem; text-align: right; color: var(--dim); user-select: none }
.code del::after, .code ins::after { position: absolute; left: 3.4rem; top: 0; font-weight: 700; user-select: none }
.code del { background: var(--del) }
.code del::after { content: "\\2212"; color: var(--del-text) }
.code ins { background: var(--ins) }
.code ins::after { content: "+"; color: var(--ins-text) }
mark { color: inherit; border-radius: 2px }
del mark { background: var(--del-mark) }
ins mark { background: var(--ins-mark); text-decoration: underline; text-underline-offset: 2px }
.code .boundary { display: block; min-height: 0; padding: 0.1rem 1rem; background: var(--move-soft);
  color: var(--move); font: 600 0.8rem/1.5 system-ui, sans-serif }
.single .rows { display: block }
.single .rows > ins { border-left: 0 }
.cut { color: var(--dim); font-style: italic }
.k { color: var(--k) } .b { color: var(--b) } .f { color: var(--f) } .s { color: var(--s) } .n { color: var(--n) }
.c { color: var(--c); font-style: italic } .d { color: var(--d) } .h { font-weight: 700 } .e { font-style: italic }
.r { color: var(--r) }
.sides { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem }
.sides > :only-child { grid-column: 1 / -1 }
figure { margin: 0 }
figure img { display: block; max-width: 100%; height: auto; max-height: 60rem; object-fit: contain; padding: 6px;
  background: #ffffff; color: #1c2126; border: 2px solid var(--line); border-radius: 6px }
figure.old img { border-color: var(--del-mark) }
figure.new img { border-color: var(--ins-mark) }
.overlay { display: inline-grid; max-width: 100%; background: #ffffff; isolation: isolate;
  border: 2px solid var(--line) }
.overlay img { background: #ffffff; grid-area: 1 / 1; max-width: 100%; height: auto }
.overlay img + img { mix-blend-mode: difference }
.overlay .note { color: #1c2126 }
figcaption { margin-top: 0.3rem; font-size: 0.8rem; color: var(--dim) }
.side { font-size: 0.8rem }
.preview { max-height: 40rem; padding: 0.5rem 0.75rem; overflow: auto; contain: content; border: 1px solid var(--line);
  border-radius: 6px; background: var(--card) }
.preview img { max-width: 100%; height: auto }
.preview table { border-collapse: collapse }
.preview td, .preview th { padding: 0.1rem 0.5rem; border: 1px solid var(--line) }
.scroll { overflow: auto; max-height: 50rem }
table.data, table.json { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }
table.data td, table.data th, table.json td, table.json th { padding: 0.15rem 0.6rem; border: 1px solid var(--line);
  text-align: left; vertical-align: top }
table.data td, table.data th { overflow-wrap: break-word }
table.data td { text-align: right }
table.data td.mark { text-align: center; font-weight: 700; color: var(--dim); border-left: 0 }
table.data th { background: var(--head); text-align: right }
tr.note td, table.data tr.note td { text-align: left; color: var(--dim); background: var(--gap) }
.data tr.added > td { background: var(--ins) } .data tr.removed > td { background: var(--del) }
table del { display: inline-block; background: var(--del-mark); padding: 0 0.25rem; border-radius: 2px }
table ins { display: inline-block; background: var(--ins-mark); padding: 0 0.25rem; border-radius: 2px;
  text-decoration: none }
table.json { width: 100% }
table.json th { font-weight: 400; color: var(--dim) }
table.json td { width: 38%; overflow-wrap: anywhere }
table.json del { text-decoration: none }
@media (max-width: 60rem) {
  body { padding: 1rem 0.5rem 3rem; font-size: 14px }
  .rows, .sides { display: block }
  .rows > .old { display: none }
  .rows > ins, .rows > .new { border-left: 0 }
  .code del, .code ins, .rows > div, .one > div { padding-left: 3.6rem }
  .code del::before, .code ins::before, .rows > div::before, .one > div[data-n]::before { width: 2.1rem }
  .code del::after, .code ins::after { left: 2.5rem }
  section > header .facts { flex-basis: 100%; order: 3 }
  section > header .steps { margin-left: auto }
  .sides > * + * { margin-top: 0.75rem }
  nav.changes a { grid-template-columns: auto minmax(0, 1fr); gap: 0 0.5rem; padding: 0.3rem 0.75rem }
  nav.changes code { grid-column: 1 / -1; grid-row: 2 }
  nav.changes .dim { display: none }
}
@media print {
  body { padding: 0; max-width: none; font-size: 11px; background: #ffffff }
  nav.changes, .steps { display: none }
  section { break-inside: auto; border-radius: 0; content-visibility: visible }
  details::details-content { content-visibility: visible }
  section > header { break-after: avoid }
  .scroll, .preview, .output .code { max-height: none; overflow: visible }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
"""
"""The one style sheet of a page: what its policy allows is this text, by its hash."""
