import { isTaken, type SandboxRequest } from '../api/request-log.js';
import { html, type Html } from '../pages/html.js';

/** What the shop has asked about one payment; nothing if it has not. */
export function renderRequests(
  requests: readonly SandboxRequest[],
): Html | undefined {
  if (requests.length === 0) return undefined;
  return html`<h4>Requests of the shop</h4>
    <ol class="log">
      ${requests.map(renderRequest)}
    </ol>`;
}

export function renderRequest(request: SandboxRequest): Html {
  const { id, at, status, code, message, fault, fields, durationMs } = request;
  const { gateway, action, unknownFields } = request;
  return html`<li>
    <details id="r-${id}">
      <summary>
        ${clock(at)}
        <span class="${isTaken(request) ? 'good' : 'bad'}"
          >${status ?? 'no answer'} ${code}</span
        >
        <span class="quiet">${gateway} ${action}</span>
        ${
          unknownFields.length > 0 &&
          html`<span class="unknown"
            >unknown to Plutu: ${unknownFields.join(', ')}</span
          >`
        }
        ${fault && html`<span class="quiet">fault: ${fault}</span>`}
        <span class="quiet">${durationMs} ms</span>
      </summary>
      ${message && html`<p>${message}</p>`}
      <pre>${JSON.stringify(fields, null, 2)}</pre>
      <p class="quiet">${request.contentType ?? 'No content type'}</p>
    </details>
  </li>`;
}

/** The time of day in UTC, to the second. */
export function clock(iso: string): string {
  return iso.slice(11, 19);
}
