import { titleOf } from '../gateways/index.js';
import type { SandboxSms } from '../otp/otp-process.js';
import { html, type Html } from '../pages/html.js';
import { clock } from './request-entry.js';

/**
 * The phones of the customers, each with what it was sent, the latest on top.
 *
 * @param sms oldest first.
 */
export function renderPhones(sms: readonly SandboxSms[]): Html[] {
  const latest = sms.toReversed();
  const numbers = new Set(latest.map(({ mobileNumber }) => mobileNumber));
  return Array.from(numbers, (number) =>
    renderPhone(
      number,
      latest.filter(({ mobileNumber }) => mobileNumber === number),
    ),
  );
}

function renderPhone(mobileNumber: string, sms: readonly SandboxSms[]): Html {
  return html`<article class="phone" aria-labelledby="p-${mobileNumber}">
    <h3 id="p-${mobileNumber}">${mobileNumber}</h3>
    <ol>
      ${sms.map(renderSms)}
    </ol>
  </article>`;
}

function renderSms({ at, gateway, text, code }: SandboxSms): Html {
  // The code stands at the end of the text.
  return html`<li>
    <p>${text.slice(0, -code.length)}<strong>${code}</strong></p>
    <p class="quiet">${titleOf(gateway)}, ${clock(at)} UTC</p>
  </li>`;
}
