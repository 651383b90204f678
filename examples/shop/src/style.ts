export const STYLE = `
:root { font: 1rem/1.6 system-ui, "Noto Sans Arabic", sans-serif; color: #1d2a26;
  --soft: #56645f; --line: #d5ddd9; --accent: #1f6a50; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f6f3; }
header { display: flex; justify-content: space-between; align-items: center; gap: 1rem;
  padding: .5rem 1rem; background: var(--accent); }
header a { color: #fff; padding: .5rem 0; }
header a:first-child { font-size: 1.2rem; font-weight: 700; text-decoration: none; }
main { max-width: 32rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: .5rem 0 1rem; }
h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem; }
ul { list-style: none; margin: 0; padding: 0; }
li, section { background: #fff; border: 1px solid var(--line); border-radius: .75rem;
  padding: 1rem; margin-bottom: .75rem; overflow-wrap: anywhere; }
li.row { display: flex; justify-content: space-between; align-items: center; gap: 1rem; }
small { display: block; color: var(--soft); font-size: .9rem; }
label { display: block; font-weight: 600; margin-bottom: 1rem; }
input { display: block; width: 100%; min-height: 3rem; padding: 0 .75rem; margin-top: .25rem;
  font: inherit; border: 1px solid #7c8a85; border-radius: .5rem; background: #fff; }
button, a.button { display: block; width: 100%; min-height: 3rem; padding: .6rem 1.25rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  color: #fff; background: var(--accent); border: 1px solid var(--accent); border-radius: .5rem; }
li.row button { width: auto; }
.ways button, .ways a.button { background: #fff; color: var(--accent); }
.ways form, .ways a.button { margin-bottom: .6rem; }
button small, a.button small { color: inherit; font-weight: 400; }
.state { font-weight: 600; white-space: nowrap; }
.paid { color: #14633f; }
.unclear { color: #8a4300; }
.note { margin: 0 0 1rem; padding: .75rem 1rem; border-inline-start: 5px solid var(--accent);
  background: #e6f1ec; border-radius: .25rem; }
.problem { border-color: #b3261e; background: #fbeae8; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid #d9730d; outline-offset: 2px; }
`;
