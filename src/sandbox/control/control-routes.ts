import { ApiError } from '../api/api-error.js';
import { checkFields, oneOf } from '../check-fields.js';
import { OUTCOMES, type CheckoutOutcome } from '../checkout/outcome.js';
import type { SandboxPayment } from '../checkout/transaction.js';
import { json, noContent, type Answer } from '../http/answer.js';
import { keptFromOtherSites } from '../http/own-pages.js';
import { readJson } from '../http/read-body.js';
import type { Exchange, Route } from '../http/router.js';
import type { SandboxCore } from '../sandbox-core.js';

interface Completion extends SandboxPayment {
  readonly outcome: CheckoutOutcome;
}

const COMPLETION_CHECKS = {
  outcome: oneOf(OUTCOMES),
  method: (value: unknown) =>
    typeof value === 'string' ? undefined : 'must be text',
};

/** What tests in any language drive the sandbox with; see docs/sandbox.md. */
export function controlRoutes(core: SandboxCore): readonly Route[] {
  return keptFromOtherSites(core.settings.host, [
    {
      method: 'GET',
      path: '/control/transactions',
      handle: () => json(200, { transactions: core.transactions }),
    },
    {
      method: 'DELETE',
      path: '/control/transactions',
      handle: () => {
        core.forget();
        return noContent();
      },
    },
    {
      method: 'GET',
      path: '/control/transactions/:invoiceNo',
      handle: (exchange) => json(200, find(core, exchange).transaction),
    },
    {
      method: 'POST',
      path: '/control/transactions/:invoiceNo/complete',
      handle: async (exchange) => {
        const body = await readJson(exchange.request);
        checkFields<Completion>(body, COMPLETION_CHECKS);
        const { outcome = 'approved', method } = body;
        const ending = find(core, exchange).finish(outcome, { method });
        return json(200, await ending.completion);
      },
    },
    {
      method: 'POST',
      path: '/control/transactions/:invoiceNo/replay',
      handle: async (exchange) => {
        const replay = await readJson(exchange.request);
        const deliveries = await find(core, exchange).replay(replay);
        return json(200, { deliveries });
      },
    },
    {
      method: 'GET',
      path: '/control/transactions/:invoiceNo/deliveries',
      handle: (exchange) => waitForDeliveries(core, exchange),
    },
    {
      method: 'GET',
      path: '/control/otp-processes',
      handle: () => json(200, { otpProcesses: core.otp.list }),
    },
    {
      method: 'GET',
      path: '/control/sms',
      handle: () => json(200, { sms: core.otp.sms }),
    },
    {
      method: 'GET',
      path: '/control/sms/:mobileNumber',
      handle: ({ params }) => {
        const sms = core.otp.lastSms(params['mobileNumber'] ?? '');
        if (sms) return json(200, sms);
        throw new ApiError(
          404,
          'NOT_FOUND',
          'The sandbox has sent no SMS to this number.',
        );
      },
    },
    {
      method: 'GET',
      path: '/control/requests',
      handle: () => json(200, { requests: core.requests }),
    },
    {
      method: 'GET',
      path: '/control/faults',
      handle: () => json(200, { faults: core.faults.list() }),
    },
    {
      method: 'POST',
      path: '/control/faults',
      handle: async ({ request }) =>
        json(201, core.faults.set(await readJson(request))),
    },
    {
      method: 'DELETE',
      path: '/control/faults',
      handle: () => {
        core.faults.clearAll();
        return noContent();
      },
    },
    {
      method: 'DELETE',
      path: '/control/faults/:id',
      handle: ({ params }) => {
        if (core.faults.clear(Number(params['id']))) return noContent();
        throw new ApiError(404, 'NOT_FOUND', 'There is no such fault.');
      },
    },
    {
      method: 'POST',
      path: '/control/reset',
      handle: () => {
        core.forget();
        core.faults.clearAll();
        return noContent();
      },
    },
  ]);
}

function find(core: SandboxCore, { params }: Exchange) {
  return core.withInvoiceNo(params['invoiceNo'] ?? '');
}

async function waitForDeliveries(
  core: SandboxCore,
  { params, query }: Exchange,
): Promise<Answer> {
  const invoiceNo = params['invoiceNo'] ?? '';
  const wait = Object.fromEntries(
    Array.from(query, ([name, value]) => [name, Number(value)]),
  );
  const deliveries = await core.waitForDeliveries(invoiceNo, wait);
  return json(200, { deliveries });
}
