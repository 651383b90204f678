import 'reflect-metadata';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';
import { expect, it } from 'vitest';
import { recordErrors, startApp } from '../support/app.js';
import { describeGatewayContract } from '../support/gateway-contract.js';
import { SOUQ_PAY, souqPay } from '../support/made-up-gateway.js';

describeGatewayContract({
  gateway: SOUQ_PAY,
  feature: souqPay,
  currency: 'KWD',
  fiveInMinorUnits: 5000,
  tooPrecise: '5.0001',
  request: { wallet: 'W0042' },
  form: { wallet_no: 'W0042' },
  parameters: ({ outcome, invoiceNo, transactionId, amount }) => [
    ['gateway', 'souqpay'],
    ['wallet_no', 'W0042'],
    ...(outcome === 'canceled'
      ? [['canceled', '1'] as const]
      : [['approved', outcome === 'approved' ? '1' : '0'] as const]),
    ['invoice_no', invoiceNo],
    ['amount', amount],
    ['transaction_id', transactionId],
  ],
});

it('a callback whose body something else has read is not lost in silence: 503, and one log line says why', async () => {
  const logged = recordErrors();
  const server = express();
  server.use(express.json());
  const { url } = await startApp(
    { returnUrl: undefined, gateways: [souqPay()] },
    { adapter: new ExpressAdapter(server) },
  );

  const response = await fetch(`${url}/plutu/souq-pay/callback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"gateway":"souqpay"}',
  });

  expect(response.status).toBe(503);
  expect(logged().match(/was read before PlutuModule could/g)).toHaveLength(1);
});
