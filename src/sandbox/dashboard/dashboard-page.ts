import type { SandboxRequest } from '../api/request-log.js';
import type { SandboxTransaction } from '../checkout/transaction.js';
import type { SandboxSetFault } from '../faults/fault-rules.js';
import type { Answer } from '../http/answer.js';
import type { SandboxOtpProcess, SandboxSms } from '../otp/otp-process.js';
import { html, page, type Html } from '../pages/html.js';
import { DASHBOARD_SCRIPT } from './dashboard-script.js';
import { DASHBOARD_STYLE } from './dashboard-style.js';
import { renderOtpProcess } from './otp-card.js';
import { renderPhones } from './phone.js';
import { renderRequest } from './request-entry.js';
import { renderTransaction } from './transaction-card.js';

/** How many of each kind are shown; the control API has them all. */
const MAX_SHOWN = 50;

export interface DashboardView {
  readonly origin: string;
  readonly merchantName: string;
  /** Oldest first, like those below. */
  readonly transactions: readonly SandboxTransaction[];
  readonly otpProcesses: readonly SandboxOtpProcess[];
  readonly sms: readonly SandboxSms[];
  readonly requests: readonly SandboxRequest[];
  readonly faults: readonly SandboxSetFault[];
}

/** What a developer looks at: every transaction, and what was said about it. */
export function renderDashboard(view: DashboardView): Answer {
  const { origin, merchantName, transactions, requests, faults } = view;
  const { otpProcesses, sms } = view;
  const latest = transactions.slice(-MAX_SHOWN).toReversed();
  const strays = straysOf(view).slice(-MAX_SHOWN).toReversed();
  return page({
    lang: 'en',
    title: 'transactions',
    warning: 'A local Plutu for development and tests. No money moves.',
    style: DASHBOARD_STYLE,
    script: DASHBOARD_SCRIPT,
    body: html`<main>
      <div class="top">
        <h1>${merchantName}</h1>
        <p id="connection" role="status">Reload to see what is new</p>
      </div>
      <p class="base">Base URL of the API: <code>${origin}/api</code></p>
      <div id="live">
        ${sms.length > 0 && renderPhoneSection(sms.slice(-MAX_SHOWN))}
        ${otpProcesses.length > 0 && renderOtpProcesses(otpProcesses, requests)}
        <section aria-labelledby="transactions">
          <h2 id="transactions">
            Transactions <span class="count">${transactions.length}</span>
          </h2>
          ${latest.length === 0 && html`<p class="empty">None yet. They appear here as soon as a shop opens a checkout.</p>`}
          ${latest.map((transaction) => renderTransaction(transaction, requests))}
          ${latest.length < transactions.length && html`<p class="empty">The latest ${MAX_SHOWN}; all of them are at <a href="/control/transactions">/control/transactions</a>.</p>`}
        </section>
        ${strays.length > 0 && renderStrays(strays)}
        ${faults.length > 0 && renderFaults(faults)}
      </div>
    </main>`,
  });
}

/** The requests that no card shows, oldest first. */
function straysOf(view: DashboardView): SandboxRequest[] {
  const opened = new Set(view.transactions.map((one) => one.invoiceNo));
  const sent = new Set(view.otpProcesses.map((one) => one.processId));
  return view.requests.filter(({ invoiceNo = '', processId }) =>
    processId === undefined ? !opened.has(invoiceNo) : !sent.has(processId),
  );
}

function renderPhoneSection(sms: readonly SandboxSms[]): Html {
  return html`<section aria-labelledby="phones">
    <h2 id="phones">Phones of the customers</h2>
    <div class="phones">${renderPhones(sms)}</div>
  </section>`;
}

function renderOtpProcesses(
  processes: readonly SandboxOtpProcess[],
  requests: readonly SandboxRequest[],
): Html {
  const latest = processes.slice(-MAX_SHOWN).toReversed();
  return html`<section aria-labelledby="otp-processes">
    <h2 id="otp-processes">
      One-time passwords <span class="count">${processes.length}</span>
    </h2>
    ${latest.map((process) => renderOtpProcess(process, requests))}
    ${latest.length < processes.length && html`<p class="empty">The latest ${MAX_SHOWN}; all of them are at <a href="/control/otp-processes">/control/otp-processes</a>.</p>`}
  </section>`;
}

function renderStrays(requests: readonly SandboxRequest[]): Html {
  return html`<section aria-labelledby="strays">
    <h2 id="strays">Requests without a payment</h2>
    <ol class="card log">
      ${requests.map(renderRequest)}
    </ol>
  </section>`;
}

function renderFaults(faults: readonly SandboxSetFault[]): Html {
  return html`<section aria-labelledby="faults">
    <h2 id="faults">Faults on demand</h2>
    <div class="card">
      <ul class="log">
        ${faults.map(
          (rule) =>
            html`<li>
              <code
                >${JSON.stringify({ ...rule, id: undefined, struck: undefined })}</code
              >
              <span class="quiet">struck ${rule.struck} times</span>
            </li>`,
        )}
      </ul>
      <form method="post" action="/faults/clear">
        <button type="submit" id="clear-faults">Clear all faults</button>
      </form>
    </div>
  </section>`;
}
