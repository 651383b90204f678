import type { TestResult } from './hosted-gateway.js';

export const CHOOSE_CARD = {
  ar: 'اختر بطاقة تجريبية',
  en: 'Choose a test card',
} as const;

export const APPROVED_CARD: TestResult = {
  id: 'approved',
  name: { ar: 'بطاقة مقبولة', en: 'Approved' },
  effect: { ar: 'تنجح عملية الدفع', en: 'The payment succeeds' },
  ending: 'approved',
};

export const DECLINED_CARD: TestResult = {
  id: 'declined',
  name: { ar: 'بطاقة مرفوضة', en: 'Declined' },
  effect: { ar: 'يرفض المصرف العملية', en: 'The bank declines the card' },
  ending: 'declined',
};

export const INSUFFICIENT_FUNDS: TestResult = {
  id: 'insufficient-funds',
  name: { ar: 'رصيد غير كافٍ', en: 'Insufficient funds' },
  effect: {
    ar: 'يرفض المصرف العملية لعدم كفاية الرصيد',
    en: 'The bank declines: not enough funds',
  },
  ending: 'insufficient-funds',
};

export const SLOW: TestResult = {
  id: 'slow',
  name: { ar: 'مصرف بطيء', en: 'Slow bank' },
  effect: {
    ar: 'تنجح عملية الدفع بعد ثوانٍ من الانتظار',
    en: 'The payment succeeds after some seconds',
  },
  ending: 'approved-late',
};

export const ABANDONED: TestResult = {
  id: 'abandoned',
  name: { ar: 'صفحة مهجورة', en: 'Abandoned' },
  effect: {
    ar: 'يغلق العميل الصفحة ولا يُبلَّغ المتجر',
    en: 'The customer closes the page; the shop hears nothing',
  },
  ending: 'abandoned',
};
