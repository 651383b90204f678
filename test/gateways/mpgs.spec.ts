import 'reflect-metadata';
import { MPGS, mpgs } from '../../src/index.js';
import { describeGatewayContract } from '../support/gateway-contract.js';

const FLAGS = {
  approved: ['1', '0'],
  canceled: ['0', '1'],
  incomplete: ['0', '0'],
} as const;

describeGatewayContract({
  gateway: MPGS,
  feature: mpgs,
  currency: 'USD',
  fiveInMinorUnits: 500,
  tooPrecise: '5.001',
  parameters: ({ outcome, invoiceNo, transactionId, amount }) => [
    ['gateway', 'mpgs'],
    ['approved', FLAGS[outcome][0]],
    ['canceled', FLAGS[outcome][1]],
    ['amount', amount],
    ['currency', 'USD'],
    ['invoice_no', invoiceNo],
    ['transaction_id', transactionId],
  ],
});
