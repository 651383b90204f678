export const DASHBOARD_STYLE = `
main { max-width: 60rem; margin: 1.25rem auto; padding: 0 1rem; }
.top { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; }
.top h1 { margin: 0; }
#connection { margin: 0; color: var(--soft); font-size: .9rem; }
.base { margin: 0 0 1.25rem; color: var(--soft); }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; min-width: 0; }
h4 { font-size: .9rem; margin: 1rem 0 .25rem; color: var(--soft); }
.count { color: var(--soft); font-weight: 400; }
.card { background: #fff; border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; margin: 0 0 .75rem; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem; }
.head .amount { margin-inline-start: auto; font-weight: 600; }
.status { padding: .05rem .6rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; background: #e6eaec; color: #37434b; }
.status.approved, .status.paid { background: #d7f0df; color: #0c5024; }
.status.canceled, .status.abandoned { background: #e6eaec; color: #37434b; }
.status.incomplete { background: #fdeccf; color: #6b4000; }
.phones { display: flex; flex-wrap: wrap; align-items: flex-start; gap: .75rem; }
.phone { width: 18rem; max-width: 100%; padding: 1rem .75rem; background: #17232b; border-radius: 1.25rem; }
.phone h3 { color: #fff; text-align: center; }
.phone ol { list-style: none; margin: .6rem 0 0; padding: 0; }
.phone li { margin-top: .5rem; padding: .5rem .75rem; background: #fff; border-radius: .75rem; }
.phone p { margin: 0; overflow-wrap: anywhere; }
.phone strong { letter-spacing: .1em; }
.quiet { color: var(--soft); font-size: .9rem; }
.card > .quiet { margin: .15rem 0 0; }
.unknown { color: #6b4000; font-size: .9rem; }
.log { list-style: none; margin: 0; padding: 0; }
.card.log { padding: .35rem 1rem; }
.log li { padding: .35rem 0; }
.log li + li { border-top: 1px solid #e6eaec; }
summary { cursor: pointer; min-height: 1.75rem; overflow-wrap: anywhere; }
pre { margin: .35rem 0; padding: .6rem .75rem; background: #f2f5f6; border-radius: .4rem; }
.bad { color: #a11616; font-weight: 600; }
.good { color: #0c5024; font-weight: 600; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .9rem; }
.actions form { display: contents; }
.actions button { font-size: .9rem; }
ul + form { margin-top: .5rem; }
.empty { color: var(--soft); }
`;
