import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api/api-error.js';
import { readForm } from '../api/request-form.js';
import { seeOther, type Answer } from '../http/answer.js';
import type { Exchange, Route } from '../http/router.js';
import { renderChallengePage } from '../pages/challenge-page.js';
import { renderCheckoutPage } from '../pages/checkout-page.js';
import type { SandboxCore } from '../sandbox-core.js';
import type { TestResult } from '../gateways/hosted-gateway.js';
import type { Checkout } from './checkout.js';
import type { CheckoutOutcome, SandboxDeclineReason } from './outcome.js';

/** In the query of the page's own buttons: the customer wants to see what came of it. */
const STAY = 'stay';

/** The hosted checkout: what a customer's browser sees. */
export function checkoutRoutes(core: SandboxCore): readonly Route[] {
  const { merchantName, slowCardMs, closing } = core.settings;

  const find = ({ params }: Exchange): Checkout => {
    const checkout = core.withToken(params['token'] ?? '');
    if (checkout) return checkout;
    throw new ApiError(
      404,
      'NOT_FOUND',
      'There is no such checkout. The sandbox forgets its checkouts when it ends, unless it keeps them in a file.',
    );
  };
  const finish =
    (outcome: CheckoutOutcome, declineReason?: SandboxDeclineReason) =>
    async (exchange: Exchange): Promise<Answer> =>
      leave(exchange, find(exchange), outcome, { declineReason });

  const pay = async (exchange: Exchange): Promise<Answer> => {
    const checkout = find(exchange);
    const { redirectUrl } = checkout.transaction;
    const { ending, method } = await readChoice(exchange, checkout);
    switch (ending) {
      case 'challenge':
        return seeOther(`${redirectUrl}/challenge`);
      case 'abandoned':
        checkout.abandon();
        return seeOther(redirectUrl);
      case 'approved-late':
        await sleep(slowCardMs, undefined, { signal: closing });
        return leave(exchange, checkout, 'approved', { method });
      case 'approved':
        return leave(exchange, checkout, 'approved', { method });
      default:
        return leave(exchange, checkout, 'incomplete', {
          declineReason: ending,
          method,
        });
    }
  };

  return [
    {
      method: 'GET',
      path: '/checkout/:token',
      handle: (exchange) => {
        const { transaction, gateway } = find(exchange);
        return renderCheckoutPage(transaction, gateway.page, merchantName);
      },
    },
    {
      method: 'POST',
      path: '/checkout/:token/pay',
      handle: pay,
    },
    {
      method: 'POST',
      path: '/checkout/:token/decline',
      handle: finish('incomplete'),
    },
    {
      method: 'POST',
      path: '/checkout/:token/cancel',
      handle: finish('canceled'),
    },
    {
      method: 'GET',
      path: '/checkout/:token/challenge',
      handle: (exchange) => {
        const { isOpen, transaction, gateway } = find(exchange);
        const { challenge } = gateway.page;
        return isOpen && challenge
          ? renderChallengePage(transaction, challenge, merchantName)
          : seeOther(transaction.redirectUrl);
      },
    },
    {
      method: 'POST',
      path: '/checkout/:token/challenge/confirm',
      handle: finish('approved'),
    },
    {
      method: 'POST',
      path: '/checkout/:token/challenge/cancel',
      handle: finish('incomplete', 'authentication-failed'),
    },
  ];
}

async function leave(
  { query }: Exchange,
  checkout: Checkout,
  outcome: CheckoutOutcome,
  details: Parameters<Checkout['finish']>[1],
): Promise<Answer> {
  const { browserUrl, redirect, completion } = checkout.finish(
    outcome,
    details,
  );
  if (redirect === 'after-callback') await completion;
  return seeOther(
    redirect === 'never' || query.has(STAY)
      ? checkout.transaction.redirectUrl
      : browserUrl,
  );
}

/** Without a form it is the first of everything: a script need not choose. */
async function readChoice(
  { request }: Exchange,
  { gateway: { page } }: Checkout,
): Promise<{ ending: TestResult['ending']; method: string | undefined }> {
  const form =
    request.headers['content-type'] === undefined
      ? new FormData()
      : await readForm(request);
  const id = form.get('result') ?? page.results[0]?.id;
  const result = page.results.find((one) => one.id === id);
  if (result) {
    const method = form.get('method');
    return {
      ending: result.ending,
      method: typeof method === 'string' ? method : undefined,
    };
  }
  throw new ApiError(422, 'INVALID_INPUTS', 'There is no such test result.', {
    result: [`must be one of ${page.results.map((one) => one.id).join(', ')}`],
  });
}
