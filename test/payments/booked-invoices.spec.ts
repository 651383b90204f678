import { describe, expect, it } from 'vitest';
import {
  PaymentApprovedEvent,
  PaymentCanceledEvent,
  PaymentMismatchEvent,
  type PaymentEvent,
} from '../../src/index.js';
import { BookedInvoices } from '../../src/payments/booked-invoices.js';

const FACTS = {
  gateway: 'tlync',
  invoiceNo: 'inv-1',
  transactionId: 't-1',
  amount: '5.00',
  currency: 'LYD',
};

const APPROVED = new PaymentApprovedEvent(FACTS);
const CANCELED = new PaymentCanceledEvent(FACTS);
const CANCELED_LATE = new PaymentCanceledEvent({ ...FACTS, isLate: true });
const PAID_TWICE = new PaymentMismatchEvent(
  { ...FACTS, transactionId: 't-2' },
  { reason: 'amount' },
);

describe('what a customer who is back reads of an invoice', () => {
  it.each<[string, PaymentEvent[], string]>([
    ['paid, and then paid again', [APPROVED, PAID_TWICE], 'approved'],
    ['paid, and then canceled', [APPROVED, CANCELED], 'approved'],
    ['canceled, and then paid', [CANCELED, APPROVED], 'approved'],
    ['only something else was paid', [CANCELED, PAID_TWICE], 'mismatch'],
    ['only canceled', [CANCELED], 'canceled'],
    ['canceled after the order was paid', [CANCELED_LATE], 'approved'],
  ])('%s', async (_, payments, outcome) => {
    const invoices = new BookedInvoices();
    for (const payment of payments) invoices.booked(payment);

    expect(
      await invoices.resultOf(
        {
          account: 'default',
          tenant: undefined,
          gateway: 'tlync',
          invoiceNo: 'inv-1',
        },
        { isPaidFor: false, ms: 0, look: undefined },
      ),
    ).toEqual({ outcome, orderNo: 'inv-1' });
  });
});
