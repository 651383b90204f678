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

/** The server and the browser bring the very same query. It names no currency. */
const CALLBACK: MerchantChannel = {
  method: 'GET',
  url: ({ returnUrl }) => returnUrl,
  parameters: ({ outcome, invoiceNo, amount, transactionId }) => [
    ['gateway', 'localbankcards'],
    ...bothFlags(outcome),
    ['invoice_no', invoiceNo],
    ['amount', amount],
    ['transaction_id', transactionId],
  ],
};

/** Cards of Libyan banks. */
export const LOCAL_BANK_CARDS: HostedGateway<'localbankcards'> = {
  name: 'localbankcards',
  title: 'Local bank cards',
  currencyOf: () => 'LYD',
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
        id: 'one-time-password',
        name: { ar: 'رمز تحقق', en: 'One-time password' },
        effect: {
          ar: 'يطلب المصرف رمزًا في صفحة ثانية',
          en: 'The bank asks for a code first',
        },
        ending: 'challenge',
      },
      SLOW,
      ABANDONED,
    ],
    challenge: {
      title: { ar: 'رمز تحقق تجريبي', en: 'Test one-time password' },
      question: {
        ar: 'هنا يطلب المصرف الرمز الذي أرسله إلى هاتفك. هل تؤكد هذا الدفع؟',
        en: 'Here a bank would ask for the code that it sent to your phone. Do you confirm this payment?',
      },
    },
    methods: [],
    returnsByLink: false,
  },
};
