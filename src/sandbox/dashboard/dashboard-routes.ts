import type { ServerResponse } from 'node:http';
import type { Checkout } from '../checkout/checkout.js';
import { noContent, seeOther } from '../http/answer.js';
import { keptFromOtherSites } from '../http/own-pages.js';
import type { Exchange, Route } from '../http/router.js';
import type { SandboxCore } from '../sandbox-core.js';
import { renderDashboard } from './dashboard-page.js';
import { LATE_MS } from './transaction-card.js';

/** What each button does, and whether its end is waited for. */
const ACTIONS: Readonly<Record<string, (checkout: Checkout) => unknown>> = {
  approve: (checkout) => checkout.finish('approved').completion,
  decline: (checkout) => checkout.finish('incomplete').completion,
  cancel: (checkout) => checkout.finish('canceled').completion,
  replay: (checkout) => checkout.replay(),
  twice: (checkout) => checkout.replay({ copies: 2 }),
  tampered: (checkout) => checkout.replay({ tampered: true }),
  late: (checkout) => void checkout.replay({ delayMs: LATE_MS }),
};

/** The developer's page at `/`, what it listens to, and what its buttons post to. */
export function dashboardRoutes(core: SandboxCore): readonly Route[] {
  const { origin, merchantName } = core.settings;
  const act =
    (action: (checkout: Checkout) => unknown) =>
    async ({ params }: Exchange) => {
      const checkout = core.withInvoiceNo(params['invoiceNo'] ?? '');
      await action(checkout);
      return seeOther(`/#t-${checkout.record.transactionId}`);
    };
  return keptFromOtherSites(core.settings.host, [
    {
      method: 'GET',
      path: '/',
      handle: () => {
        const { transactions, requests } = core;
        const faults = core.faults.list();
        return renderDashboard({
          origin,
          merchantName,
          transactions,
          otpProcesses: core.otp.list,
          sms: core.otp.sms,
          requests,
          faults,
        });
      },
    },
    {
      // Browsers ask for it unbidden, and a refusal would be logged.
      method: 'GET',
      path: '/favicon.ico',
      handle: noContent,
    },
    {
      method: 'GET',
      path: '/events',
      handle: ({ response }) => {
        streamChanges(core, response);
        return undefined;
      },
    },
    ...Object.entries(ACTIONS).map(([name, action]): Route => ({
      method: 'POST',
      path: `/transactions/:invoiceNo/${name}`,
      handle: act(action),
    })),
    {
      method: 'POST',
      path: '/faults/clear',
      handle: () => {
        core.faults.clearAll();
        return seeOther('/');
      },
    },
  ]);
}

/** Server-sent events: one without content for every change. */
function streamChanges(core: SandboxCore, response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
  });
  response.write('retry: 1000\n\n');
  const stopListening = core.changes.listen(() => {
    // A browser that is asleep has enough to wake up to.
    if (!response.writableNeedDrain) response.write('data: changed\n\n');
  });
  response.on('close', stopListening);
}
