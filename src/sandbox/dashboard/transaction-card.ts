import type { SandboxRequest } from '../api/request-log.js';
import type {
  SandboxDelivery,
  SandboxTransaction,
} from '../checkout/transaction.js';
import { titleOf } from '../gateways/index.js';
import { html, type Html } from '../pages/html.js';
import { clock, renderRequests } from './request-entry.js';

/** How late the dashboard sends a callback that is to come late. */
export const LATE_MS = 5_000;

/** One transaction with all that was said about it, and what can be done. */
export function renderTransaction(
  transaction: SandboxTransaction,
  requests: readonly SandboxRequest[],
): Html {
  const { transactionId, invoiceNo, amount, currency, status, deliveries } =
    transaction;
  const method = transaction.method && ` (${transaction.method})`;
  const own = requests.filter(
    (one) => one.invoiceNo === invoiceNo && one.processId === undefined,
  );
  return html`<article
    class="card"
    id="t-${transactionId}"
    aria-labelledby="h-${transactionId}"
  >
    <div class="head">
      <h3 id="h-${transactionId}">${invoiceNo}</h3>
      <span class="status ${status}">${status}</span>
      <span class="amount">${amount} ${currency}</span>
    </div>
    <p class="quiet">
      ${titleOf(transaction.gateway)}${method}. Transaction ${transactionId},
      opened at ${clock(transaction.createdAt)} UTC.
      <a
        href="${transaction.redirectUrl}"
        id="c-${transactionId}"
        aria-label="Checkout page of ${invoiceNo}"
        >Checkout page</a
      >
    </p>
    ${renderRequests(own)}
    ${
      deliveries.length > 0 &&
      html`<h4>Callbacks to the shop's server</h4>
        <ol class="log">
          ${deliveries.map(renderDelivery)}
        </ol>`
    }
    ${renderActions(transaction)}
  </article>`;
}

function renderDelivery(delivery: SandboxDelivery): Html {
  const { id, at, kind, status, error, answer, durationMs } = delivery;
  const { method, url, body } = delivery;
  const isTaken = status !== undefined && status < 400;
  return html`<li>
    <details id="d-${id}">
      <summary>
        ${clock(at)}
        <span class="${isTaken ? 'good' : 'bad'}"
          >${status ?? 'no answer'}</span
        >
        <span>${kind}</span> <span class="quiet">${durationMs} ms</span>
      </summary>
      <pre>${method} ${url}${body && `\n\n${body}`}</pre>
      ${error ? html`<p class="bad">${error}</p>` : renderAnswer(answer)}
    </details>
  </li>`;
}

function renderAnswer(answer: string | undefined): Html {
  return answer === undefined
    ? html`<p class="quiet">
        The answer is not shown, because this sandbox listens beyond this
        machine.
      </p>`
    : html`<pre>${answer === '' ? '(an empty answer)' : answer}</pre>`;
}

function renderActions(transaction: SandboxTransaction): Html {
  const { transactionId, invoiceNo, status, callback } = transaction;
  const button = (action: string, label: string) =>
    html` <form method="post" action="/transactions/${invoiceNo}/${action}">
      <button
        type="submit"
        id="b-${transactionId}-${action}"
        aria-label="${label}: ${invoiceNo}"
      >
        ${label}
      </button>
    </form>`;
  const isOpen = status !== 'approved' && status !== 'canceled';
  return html`<div class="actions">
    ${
      isOpen && [
        button('approve', 'Pay'),
        button('decline', 'Decline'),
        button('cancel', 'Cancel'),
      ]
    }${
      callback && [
        button('replay', 'Send again'),
        button('twice', 'Send twice'),
        button('tampered', 'Send tampered'),
        button('late', `Send in ${LATE_MS / 1000} s`),
      ]
    }
  </div>`;
}
