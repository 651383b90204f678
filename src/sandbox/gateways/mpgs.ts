import { bothFlags } from './flags.js';
import type { HostedGateway, MerchantChannel } from './hosted-gateway.js';
import {
  ABANDONED,
  APPROVED_CARD,
  CHOOSE_CARD,
  DECLINED_CARD,
  INSUFFICIENT_FUNDS,
  SLOW,
} from './test-results.js';

/** Isolated, so that it reads left to right within Arabic. */
const THREE_D_SECURE = '\u20663-D Secure\u2069';

/** The server and the browser bring the very same query. */
const CALLBACK: MerchantChannel = {
  method: 'GET',
  url: ({ returnUrl }) => returnUrl,
  parameters: ({ outcome, amount, currency, invoiceNo, transactionId }) => [
    ['gateway', 'mpgs'],
    ...bothFlags(outcome),
    ['amount', amount],
    ['currency', currency],
    ['invoice_no', invoiceNo],
    ['transaction_id', transactionId],
  ],
};

/** International cards, in the currency that the account is set to. */
export const MPGS: HostedGateway<'mpgs'> = {
  name: 'mpgs',
  title: 'MPGS',
  currencyOf: ({ currency }) => currency,
  fields: {},
  callback: CALLBACK,
  browser: CALLBACK,
  page: {
    chooseResult: CHOOSE_CARD,
    results: [
      APPROVED_CARD,
      DECLINED_CARD,
      INSUFFICIENT_FUNDS,
      {
        id: '3-d-secure',
        name: { ar: `تحقق إضافي (${THREE_D_SECURE})`, en: '3-D Secure' },
        effect: {
          ar: 'يطلب المصرف تأكيدًا في صفحة ثانية',
          en: 'The bank asks for a confirmation first',
        },
        ending: 'challenge',
      },
      SLOW,
      ABANDONED,
    ],
    challenge: {
      title: {
        ar: `تحقق إضافي تجريبي (${THREE_D_SECURE})`,
        en: 'Test confirmation (3-D Secure)',
      },
      question: {
        ar: 'هنا يطلب المصرف رمزًا أو موافقة. هل تؤكد هذا الدفع؟',
        en: 'Here a bank would ask for a code or a consent. Do you confirm this payment?',
      },
    },
    methods: [],
    returnsByLink: false,
  },
};
