import type { SandboxDeclineReason } from '../checkout/outcome.js';
import type { SandboxTransactionStatus } from '../checkout/transaction.js';

interface CheckoutTexts {
  readonly title: string;
  readonly warning: string;
  readonly merchant: string;
  readonly amount: string;
  readonly invoice: string;
  readonly chooseMethod: string;
  readonly pay: string;
  readonly cancel: string;
  readonly goBack: string;
  readonly statuses: Readonly<Record<SandboxTransactionStatus, string>>;
  readonly reasons: Readonly<Record<SandboxDeclineReason, string>>;
  readonly confirm: string;
  readonly refuse: string;
}

const AR: CheckoutTexts = {
  title: 'صفحة دفع تجريبية',
  warning: 'بيئة تجريبية: لا يُخصم أي مبلغ.',
  merchant: 'المتجر',
  amount: 'المبلغ',
  invoice: 'رقم الفاتورة',
  chooseMethod: 'اختر طريقة الدفع',
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
    declined: 'رُفضت عملية الدفع.',
    'insufficient-funds': 'الرصيد غير كافٍ.',
    'authentication-failed': 'لم يكتمل التحقق الإضافي.',
  },
  confirm: 'تأكيد',
  refuse: 'رفض',
};

const EN: CheckoutTexts = {
  title: 'Test checkout',
  warning: 'A test environment: no money is taken.',
  merchant: 'Shop',
  amount: 'Amount',
  invoice: 'Invoice number',
  chooseMethod: 'Choose how to pay',
  pay: 'Pay',
  cancel: 'Cancel the payment',
  goBack: 'Return to the shop',
  statuses: {
    open: '',
    abandoned:
      'The page was left without paying, and the shop heard nothing. It can still be paid.',
    incomplete: 'The payment did not go through. You can try again.',
    approved: 'The payment is complete.',
    canceled: 'The payment was canceled.',
  },
  reasons: {
    declined: 'The payment was declined.',
    'insufficient-funds': 'There were not enough funds.',
    'authentication-failed': 'The confirmation was not completed.',
  },
  confirm: 'Confirm',
  refuse: 'Refuse',
};

export const CHECKOUT_TEXTS = { ar: AR, en: EN } as const;
