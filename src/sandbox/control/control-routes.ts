import { ApiError } from '../api/api-error.js';
import type { CheckoutOutcome } from '../checkout/callback-url.js';
import type { SandboxReplay } from '../checkout/transaction.js';
import {
  checkFields,
  MAX_COPIES,
  MAX_DELAY_MS,
  oneOf,
  wholeNumber,
} from '../faults/sandbox-faults.js';
import { json, noContent } from '../http/answer.js';
import { keptFromOtherSites } from '../http/own-pages.js';
import { readJson } from '../http/read-body.js';
import type { Exchange, Route } from '../http/router.js';
import type { SandboxCore } from '../sandbox-core.js';

const OUTCOMES: readonly CheckoutOutcome[] = [
  'approved',
  'incomplete',
  'canceled',
];

/** How long a wait lasts that says nothing of it, in milliseconds. */
export const DEFAULT_WAIT_MS = 5_000;

interface Completion {
  readonly outcome: CheckoutOutcome;
}

interface Wait {
  readonly after: number;
  readonly timeoutMs: number;
}

const WAIT_CHECKS = {
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  timeoutMs: wholeNumber(0, 60_000),
};

export const REPLAY_CHECKS = {
  copies: wholeNumber(1, MAX_COPIES),
  delayMs: wholeNumber(0, MAX_DELAY_MS),
  tampered: (value: unknown) =>
    typeof value === 'boolean' ? undefined : 'must be true or false',
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
        checkFields<Completion>(body, { outcome: oneOf(OUTCOMES) });
        const { outcome = 'approved' } = body;
        const ending = find(core, exchange).finish(outcome);
        return json(200, await ending.completion);
      },
    },
    {
      method: 'POST',
      path: '/control/transactions/:invoiceNo/replay',
      handle: async (exchange) => {
        const replay = await readJson(exchange.request);
        checkFields<SandboxReplay>(replay, REPLAY_CHECKS);
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
) {
  const { after, timeoutMs, ...others } = Object.fromEntries(query);
  const wait = {
    after: Number(after ?? 0),
    timeoutMs: Number(timeoutMs ?? DEFAULT_WAIT_MS),
  };
  checkFields<Wait>({ ...others, ...wait }, WAIT_CHECKS);
  const invoiceNo = params['invoiceNo'] ?? '';
  const deliveries = await core.deliveriesAfter(
    invoiceNo,
    wait.after,
    wait.timeoutMs,
  );
  if (deliveries.length > 0) return json(200, { deliveries });
  throw new ApiError(
    504,
    'TIMEOUT',
    `No callback of ${invoiceNo} was delivered within ${wait.timeoutMs} ms.`,
  );
}
