import type { SandboxRequest } from '../api/request-log.js';
import { titleOf } from '../gateways/index.js';
import type { SandboxOtpProcess } from '../otp/otp-process.js';
import { html, type Html } from '../pages/html.js';
import { clock, renderRequests } from './request-entry.js';

/** One payment by one-time password, with all that the shop has asked about it. */
export function renderOtpProcess(
  process: SandboxOtpProcess,
  requests: readonly SandboxRequest[],
): Html {
  const { processId, amount, currency, status, createdAt } = process;
  const { gateway, mobileNumber, invoiceNo, transactionId } = process;
  const own = requests.filter((request) => request.processId === processId);
  return html`<article
    class="card"
    id="o-${processId}"
    aria-labelledby="ho-${processId}"
  >
    <div class="head">
      <h3 id="ho-${processId}">${invoiceNo ?? `Process ${processId}`}</h3>
      <span class="status ${status}">${status}</span>
      <span class="amount">${amount} ${currency}</span>
    </div>
    <p class="quiet">
      ${titleOf(gateway)}. Process ${processId}, code sent to ${mobileNumber} at
      ${clock(createdAt)}
      UTC.${transactionId !== undefined && ` Transaction ${transactionId}.`}
    </p>
    ${renderRequests(own)}
  </article>`;
}
