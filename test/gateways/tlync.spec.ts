import 'reflect-metadata';
import { TLYNC, tlync } from '../../src/index.js';
import { describeGatewayContract } from '../support/gateway-contract.js';

describeGatewayContract({
  gateway: TLYNC,
  feature: tlync,
  currency: 'LYD',
  fiveInMinorUnits: 5000,
  tooPrecise: '5.0001',
  request: { mobileNumber: '+218 91 363 2323', email: 'salma@mail.example' },
  form: { mobile_number: '0913632323', email: 'salma@mail.example' },
  parameters: ({ outcome, invoiceNo, transactionId, amount }) => [
    ['gateway', 'tlync'],
    ['approved', outcome === 'approved' ? '1' : '0'],
    ['amount', amount],
    ['invoice_no', invoiceNo],
    // Not in the SDK's list: only the documentation's reading covers it.
    ...(outcome === 'canceled' ? [['canceled', '1'] as const] : []),
    ['payment_method', 'mobicash'],
    ['transaction_id', transactionId],
  ],
});
