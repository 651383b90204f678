import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api/api-error.js';
import { readForm } from '../api/request-form.js';
import { seeOther, type Answer } from '../http/answer.js';
import type { Exchange, Route } from '../http/router.js';
import { renderChallengePage } from '../pages/challenge-page.js';
import { renderCheckoutPage } from '../pages/checkout-page.js';
import type { SandboxCore } from '../sandbox-core.js';
import type { CheckoutOutcome } from './callback-url.js';
import type { Checkout } from './checkout.js';
import { isTestCard, type TestCard } from './test-cards.js';
import type { SandboxDeclineReason } from './transaction.js';

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
    (outcome: CheckoutOutcome, reason?: SandboxDeclineReason) =>
    (exchange: Exchange): Promise<Answer> =>
      leaveCheckout(find(exchange), outcome, reason);

  const payWith = async (
    checkout: Checkout,
    card: TestCard,
  ): Promise<Answer> => {
    const { redirectUrl } = checkout.transaction;
    switch (card) {
      case 'declined':
      case 'insufficient-funds':
        return leaveCheckout(checkout, 'incomplete', card);
      case '3-d-secure':
        return seeOther(`${redirectUrl}/challenge`);
      case 'abandoned':
        checkout.abandon();
        return seeOther(redirectUrl);
      default:
        if (card === 'slow') {
          await sleep(slowCardMs, undefined, { signal: closing });
        }
        return leaveCheckout(checkout, 'approved');
    }
  };

  return [
    {
      method: 'GET',
      path: '/checkout/:token',
      handle: (exchange) =>
        renderCheckoutPage(find(exchange).transaction, merchantName),
    },
    {
      method: 'POST',
      path: '/checkout/:token/pay',
      handle: async (exchange) =>
        payWith(find(exchange), await readCard(exchange)),
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
        const checkout = find(exchange);
        return checkout.isOpen
          ? renderChallengePage(checkout.transaction, merchantName)
          : seeOther(checkout.transaction.redirectUrl);
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

async function leaveCheckout(
  checkout: Checkout,
  outcome: CheckoutOutcome,
  reason?: SandboxDeclineReason,
): Promise<Answer> {
  const { callbackUrl, redirect, completion } = checkout.finish(
    outcome,
    reason,
  );
  if (redirect === 'after-callback') await completion;
  return seeOther(
    redirect === 'never' ? checkout.transaction.redirectUrl : callbackUrl,
  );
}

/** Without a form it is the card that is approved: a script need not choose. */
async function readCard({ request }: Exchange): Promise<TestCard> {
  if (request.headers['content-type'] === undefined) return 'approved';
  const card = (await readForm(request)).get('card') ?? 'approved';
  if (isTestCard(card)) return card;
  throw new ApiError(422, 'INVALID_INPUTS', 'There is no such test card.', {
    card: ['is not a test card'],
  });
}
