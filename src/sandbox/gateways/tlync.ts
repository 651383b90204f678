import type { Pair } from '../../protocol/pairs.js';
import { MOBILE_NUMBER_FIELD } from '../api/common-fields.js';
import { HTTP_URL } from '../api/field-rules.js';
import type { HostedGateway, PaymentFacts } from './hosted-gateway.js';
import { ABANDONED, SLOW } from './test-results.js';

/** A canceled payment has no flag of its own here. */
function approved({ outcome }: PaymentFacts): Pair {
  return ['approved', outcome === 'approved' ? '1' : '0'];
}

/** T-Lync of Tadawul: the customer chooses how to pay on its page. */
export const TLYNC: HostedGateway<'tlync'> = {
  name: 'tlync',
  title: 'T-Lync',
  currencyOf: () => 'LYD',
  fields: {
    mobile_number: MOBILE_NUMBER_FIELD,
    email: {
      required: false,
      isValid: (text) => /^[^@\s]+@[^@\s]+$/.test(text),
      message: 'must be an email address',
    },
    callback_url: { required: true, ...HTTP_URL },
  },
  callback: {
    method: 'POST',
    url: ({ callbackUrl, returnUrl }) => callbackUrl ?? returnUrl,
    parameters: (facts) => [
      ['gateway', 'tlync'],
      approved(facts),
      ['amount', facts.amount],
      ['invoice_no', facts.invoiceNo],
      ['payment_method', facts.method ?? 'tadawul'],
      ['transaction_id', facts.transactionId],
    ],
  },
  browser: {
    method: 'GET',
    url: ({ returnUrl }) => returnUrl,
    parameters: (facts) => [approved(facts), ['invoice_no', facts.invoiceNo]],
  },
  page: {
    chooseResult: { ar: 'اختر نتيجة الدفع', en: 'Choose how it ends' },
    results: [
      {
        id: 'approved',
        name: { ar: 'عملية مقبولة', en: 'Approved' },
        effect: { ar: 'تنجح عملية الدفع', en: 'The payment succeeds' },
        ending: 'approved',
      },
      {
        id: 'declined',
        name: { ar: 'عملية مرفوضة', en: 'Declined' },
        effect: { ar: 'لا تتم عملية الدفع', en: 'The payment is declined' },
        ending: 'declined',
      },
      {
        id: 'insufficient-funds',
        name: { ar: 'رصيد غير كافٍ', en: 'Insufficient funds' },
        effect: {
          ar: 'لا تتم عملية الدفع لعدم كفاية الرصيد',
          en: 'The payment is declined: not enough funds',
        },
        ending: 'insufficient-funds',
      },
      SLOW,
      ABANDONED,
    ],
    methods: [
      { id: 'tadawul', name: { ar: 'تداول', en: 'Tadawul' } },
      { id: 'edfaly', name: { ar: 'ادفع لي', en: 'Adfali' } },
      { id: 'sadad', name: { ar: 'سداد', en: 'Sadad' } },
      { id: 'mobicash', name: { ar: 'موبي كاش', en: 'MobiCash' } },
      { id: 'moamalat', name: { ar: 'معاملات', en: 'Moamalat' } },
    ],
    returnsByLink: true,
  },
};
