import 'reflect-metadata';
import { LOCAL_BANK_CARDS, localBankCards } from '../../src/index.js';
import { describeGatewayContract } from '../support/gateway-contract.js';

const FLAGS = {
  approved: ['1', '0'],
  canceled: ['0', '1'],
  incomplete: ['0', '0'],
} as const;

describeGatewayContract({
  gateway: LOCAL_BANK_CARDS,
  feature: localBankCards,
  currency: 'LYD',
  fiveInMinorUnits: 5000,
  tooPrecise: '5.0001',
  parameters: ({ outcome, invoiceNo, transactionId, amount }) => [
    ['gateway', 'localbankcards'],
    ['approved', FLAGS[outcome][0]],
    ['canceled', FLAGS[outcome][1]],
    ['invoice_no', invoiceNo],
    ['amount', amount],
    ['transaction_id', transactionId],
  ],
});
