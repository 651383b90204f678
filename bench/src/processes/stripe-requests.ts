import { Stripe } from 'stripe';
import type { InjectedRequest } from './inject.js';

export const STRIPE_ACCOUNT = {
  apiKey: 'sk_test_bench',
  webhookSecret: 'whsec_bench0123456789abcdef0123456789',
};

export const STRIPE_EVENT = 'payment_intent.succeeded';

const { webhooks } = new Stripe(STRIPE_ACCOUNT.apiKey);

/**
 * The webhook of one paid payment intent, as Stripe posts it.
 *
 * @param secret what to sign it with, if not with the account's secret.
 */
export function requestOf(
  transaction: string,
  secret = STRIPE_ACCOUNT.webhookSecret,
): InjectedRequest {
  const body = JSON.stringify(eventOf(transaction), null, 2);
  return {
    method: 'POST',
    url: '/stripe/webhook',
    headers: {
      host: 'shop.example',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      accept: '*/*; q=0.5, application/xml',
      connection: 'keep-alive',
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'stripe-signature': webhooks.generateTestHeaderString({
        payload: body,
        secret,
      }),
    },
    body,
  };
}

function eventOf(transaction: string): object {
  return {
    id: `evt_${transaction}`,
    object: 'event',
    api_version: '2025-12-15.clover',
    created: 1_767_225_600,
    data: {
      object: {
        id: `pi_${transaction}`,
        object: 'payment_intent',
        amount: 2550,
        amount_received: 2550,
        capture_method: 'automatic',
        currency: 'usd',
        customer: null,
        description: null,
        latest_charge: `ch_${transaction}`,
        livemode: false,
        metadata: { invoice_no: `INV-2026-${transaction}` },
        payment_method: `pm_${transaction}`,
        payment_method_types: ['card'],
        receipt_email: null,
        status: 'succeeded',
      },
    },
    livemode: false,
    pending_webhooks: 1,
    request: { id: `req_${transaction}`, idempotency_key: null },
    type: STRIPE_EVENT,
  };
}
