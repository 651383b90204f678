import type { TestCard } from '../checkout/test-cards.js';
import type {
  SandboxDeclineReason,
  SandboxTransactionStatus,
} from '../checkout/transaction.js';

interface CheckoutTexts {
  readonly title: string;
  readonly warning: string;
  readonly merchant: string;
  readonly amount: string;
  readonly invoice: string;
  readonly chooseCard: string;
  readonly cards: Readonly<
    Record<TestCard, readonly [name: string, effect: string]>
  >;
  readonly pay: string;
  readonly cancel: string;
  readonly goBack: string;
  readonly statuses: Readonly<Record<SandboxTransactionStatus, string>>;
  readonly reasons: Readonly<Record<SandboxDeclineReason, string>>;
  readonly challenge: {
    readonly title: string;
    readonly question: string;
    readonly confirm: string;
    readonly cancel: string;
  };
}

/** Isolated, so that it reads left to right within Arabic. */
const THREE_D_SECURE = '\u20663-D Secure\u2069';

const AR: CheckoutTexts = {
  title: 'صفحة دفع تجريبية',
  warning: 'بيئة تجريبية: لا يُخصم أي مبلغ.',
  merchant: 'المتجر',
  amount: 'المبلغ',
  invoice: 'رقم الفاتورة',
  chooseCard: 'اختر بطاقة تجريبية',
  cards: {
    approved: ['بطاقة مقبولة', 'تنجح عملية الدفع'],
    declined: ['بطاقة مرفوضة', 'يرفض المصرف العملية'],
    'insufficient-funds': [
      'رصيد غير كافٍ',
      'يرفض المصرف العملية لعدم كفاية الرصيد',
    ],
    '3-d-secure': [
      `تحقق إضافي (${THREE_D_SECURE})`,
      'يطلب المصرف تأكيدًا في صفحة ثانية',
    ],
    slow: ['مصرف بطيء', 'تنجح عملية الدفع بعد ثوانٍ من الانتظار'],
    abandoned: ['صفحة مهجورة', 'يغلق العميل الصفحة ولا يُبلَّغ المتجر'],
  },
  pay: 'ادفع',
  cancel: 'إلغاء الدفع',
  goBack: 'العودة إلى المتجر',
  statuses: {
    open: '',
    abandoned: 'تُركت الصفحة دون دفع، ولم يُبلَّغ المتجر. ما زال الدفع ممكنًا.',
    incomplete: 'لم تتم عملية الدفع. يمكنك المحاولة مرة أخرى.',
    approved: 'تمت عملية الدفع.',
    canceled: 'أُلغيت عملية الدفع.',
  },
  reasons: {
    declined: 'رفض المصرف البطاقة.',
    'insufficient-funds': 'الرصيد غير كافٍ.',
    'authentication-failed': 'لم يكتمل التحقق الإضافي.',
  },
  challenge: {
    title: `تحقق إضافي تجريبي (${THREE_D_SECURE})`,
    question: 'هنا يطلب المصرف رمزًا أو موافقة. هل تؤكد هذا الدفع؟',
    confirm: 'تأكيد',
    cancel: 'رفض',
  },
};

const EN: CheckoutTexts = {
  title: 'Test checkout',
  warning: 'A test environment: no money is taken.',
  merchant: 'Shop',
  amount: 'Amount',
  invoice: 'Invoice number',
  chooseCard: 'Choose a test card',
  cards: {
    approved: ['Approved', 'The payment succeeds'],
    declined: ['Declined', 'The bank declines the card'],
    'insufficient-funds': [
      'Insufficient funds',
      'The bank declines: not enough funds',
    ],
    '3-d-secure': ['3-D Secure', 'The bank asks for a confirmation first'],
    slow: ['Slow bank', 'The payment succeeds after some seconds'],
    abandoned: [
      'Abandoned',
      'The customer closes the page; the shop is not told',
    ],
  },
  pay: 'Pay',
  cancel: 'Cancel the payment',
  goBack: 'Return to the shop',
  statuses: {
    open: '',
    abandoned:
      'The page was left without paying, and the shop was not told. It can still be paid.',
    incomplete: 'The payment did not go through. You can try again.',
    approved: 'The payment is complete.',
    canceled: 'The payment was canceled.',
  },
  reasons: {
    declined: 'The bank declined the card.',
    'insufficient-funds': 'There were not enough funds.',
    'authentication-failed': 'The confirmation was not completed.',
  },
  challenge: {
    title: 'Test confirmation (3-D Secure)',
    question:
      'Here a bank would ask for a code or a consent. Do you confirm this payment?',
    confirm: 'Confirm',
    cancel: 'Refuse',
  },
};

export const CHECKOUT_TEXTS = { ar: AR, en: EN } as const;
