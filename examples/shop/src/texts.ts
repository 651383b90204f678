import type { PlutuLanguage } from 'nestjs-plutu';
import type { OrderState } from './orders.service.js';
import type { CustomerFields, GatewayName } from './payments.service.js';
import type { Problem } from './problems.js';

/** What a page says about a payment that was just tried. */
export type Message =
  Problem | 'pending' | 'canceled' | 'incomplete' | 'mismatch';

export interface Texts {
  readonly shop: string;
  readonly otherLanguage: string;
  readonly books: string;
  readonly buy: string;
  readonly sold: string;
  readonly orders: string;
  readonly noOrders: string;
  readonly order: string;
  readonly states: Readonly<Record<OrderState, string>>;
  readonly unclear: string;
  readonly thanks: string;
  readonly paidBy: string;
  readonly transaction: string;
  readonly payBack: string;
  readonly choose: string;
  readonly chooseAgain: string;
  readonly gateways: Readonly<Record<GatewayName, string>>;
  readonly fields: Readonly<Record<keyof CustomerFields, string>>;
  readonly goOn: string;
  readonly codeSent: string;
  readonly code: string;
  readonly pay: string;
  readonly newCode: string;
  readonly checkAgain: string;
  readonly messages: Readonly<Record<Message, string>>;
  readonly notFound: string;
  readonly failed: string;
}

const AR: Texts = {
  shop: 'مكتبة طرابلس',
  otherLanguage: 'English',
  books: 'الكتب',
  buy: 'شراء',
  sold: 'عدد النسخ المبيعة:',
  orders: 'الطلبات',
  noOrders: 'لا توجد طلبات بعد.',
  order: 'الطلب',
  states: { open: 'لم يُدفع بعد', unclear: 'قيد المراجعة', paid: 'مدفوع' },
  unclear:
    'لا نعرف بعد هل تم الدفع أم لا. لا تدفع مرة أخرى من فضلك، فنحن نراجع الأمر.',
  thanks: 'شكرًا لك، تم دفع الطلب',
  paidBy: 'طريقة الدفع',
  transaction: 'رقم العملية',
  payBack:
    'وصلتنا دفعة غير مستحقة، كأن يُدفع الطلب مرتين، وسنعيد إليك هذا المبلغ:',
  choose: 'كيف تريد أن تدفع؟',
  chooseAgain: 'اختيار طريقة دفع أخرى',
  gateways: {
    mpgs: 'بطاقة دولية (فيزا أو ماستركارد)',
    localbankcards: 'بطاقة مصرفية ليبية',
    tlync: 'تي لينك',
    sadadapi: 'سداد',
    edfali: 'ادفع لي',
  },
  fields: { mobileNumber: 'رقم الهاتف المحمول', birthYear: 'سنة الميلاد' },
  goOn: 'متابعة',
  codeSent: 'أرسلنا إلى هاتفك رسالة نصية فيها رمز.',
  code: 'الرمز',
  pay: 'ادفع الآن',
  newCode: 'لم يصلني الرمز',
  checkAgain: 'تحقق مرة أخرى',
  messages: {
    pending: 'ننتظر تأكيد الدفع. إذا كنت قد دفعت فلا تدفع مرة أخرى.',
    canceled: 'ألغيت عملية الدفع، ولم يُخصم منك أي مبلغ.',
    incomplete: 'لم تتم عملية الدفع. يمكنك المحاولة مرة أخرى.',
    mismatch:
      'لم تُقبل عملية الدفع هذه. إذا خُصم منك مبلغ فستجده هنا، وسنعيده إليك.',
    mobileNumber:
      'اكتب رقم هاتف محمول ليبي، مثل 0912345678. أرقام سداد تبدأ بـ 091 أو 093.',
    birthYear: 'اكتب سنة ميلادك بأربعة أرقام، مثل 1990.',
    code: 'اكتب الرمز كاملًا كما هو في الرسالة.',
    'wrong-code': 'الرمز غير صحيح. لم يُخصم منك أي مبلغ، اكتبه مرة أخرى.',
    expired: 'انتهت صلاحية الرمز. لم يُخصم منك أي مبلغ، اطلب رمزًا جديدًا.',
    'too-many-refusals':
      'كُتب رمز خاطئ مرات كثيرة. لم يُخصم منك أي مبلغ، اطلب رمزًا جديدًا.',
    'too-many-codes':
      'أُرسلت رموز كثيرة إلى هذا الرقم. حاول بعد ساعة، أو ادفع بطريقة أخرى.',
    wait: 'انتظر قليلًا قبل أن تطلب رمزًا آخر.',
    locked: 'هذا الرقم موقوف لدى الشركة. اتصل بها، أو ادفع بطريقة أخرى.',
    'not-subscribed': 'هذا الرقم غير مشترك في هذه الخدمة.',
    'wrong-number': 'رقم الهاتف أو سنة الميلاد غير صحيح.',
    'insufficient-balance':
      'الرصيد غير كافٍ. لم يُخصم منك أي مبلغ: اشحن رصيدك، أو ادفع بطريقة أخرى.',
    'account-problem':
      'توجد مشكلة في حسابك المصرفي. اتصل بمصرفك، أو ادفع بطريقة أخرى.',
    'already-paid': 'هذا الطلب مدفوع من قبل، ولم يُخصم منك أي مبلغ آخر.',
    unknown: 'لم نحصل على رد واضح، وربما خُصم المبلغ. لا تدفع مرة أخرى من فضلك.',
    'not-delivered':
      'تم الدفع، لكننا لم نتمكن من تسجيله بعد. لا تدفع مرة أخرى من فضلك.',
    'not-possible':
      'لا يمكن الدفع بهذه الطريقة الآن، ولم يُخصم منك أي مبلغ. حاول بعد قليل، أو ادفع بطريقة أخرى.',
  },
  notFound: 'هذه الصفحة غير موجودة',
  failed: 'حدث خطأ ما. حاول مرة أخرى بعد قليل.',
};

const EN: Texts = {
  shop: 'Tripoli Books',
  otherLanguage: 'العربية',
  books: 'Books',
  buy: 'Buy',
  sold: 'Copies sold:',
  orders: 'Orders',
  noOrders: 'There are no orders yet.',
  order: 'Order',
  states: { open: 'Not paid yet', unclear: 'Under review', paid: 'Paid' },
  unclear:
    'We do not know yet whether you have paid. Please do not pay again: we are looking into it.',
  thanks: 'Thank you, your order is paid',
  paidBy: 'Paid by',
  transaction: 'Transaction',
  payBack:
    'We got a payment that was not due, such as a second one. We will pay it back to you:',
  choose: 'How would you like to pay?',
  chooseAgain: 'Choose another way to pay',
  gateways: {
    mpgs: 'International card (Visa or Mastercard)',
    localbankcards: 'Libyan bank card',
    tlync: 'T-Lync',
    sadadapi: 'Sadad',
    edfali: 'Adfali',
  },
  fields: { mobileNumber: 'Mobile number', birthYear: 'Year of birth' },
  goOn: 'Continue',
  codeSent: 'We have sent a text message with a code to your phone.',
  code: 'Code',
  pay: 'Pay now',
  newCode: 'I did not get a code',
  checkAgain: 'Check again',
  messages: {
    pending:
      'We are waiting for your payment to be confirmed. If you have paid, do not pay again.',
    canceled: 'You canceled the payment. You were not charged.',
    incomplete: 'The payment did not go through. You can try again.',
    mismatch:
      'This payment was not accepted. If you were charged, it is listed here, and we will pay it back.',
    mobileNumber:
      'Write a Libyan mobile number, such as 0912345678. Numbers of Sadad begin with 091 or 093.',
    birthYear: 'Write your year of birth with four digits, such as 1990.',
    code: 'Write the whole code, as it is in the message.',
    'wrong-code': 'The code is wrong. You were not charged: type it again.',
    expired: 'The code has expired. You were not charged: ask for a new one.',
    'too-many-refusals':
      'A wrong code was typed too often. You were not charged: ask for a new one.',
    'too-many-codes':
      'Too many codes were sent to this number. Try again in an hour, or pay in another way.',
    wait: 'Please wait a moment before you ask for another code.',
    locked:
      'This number is locked by the operator. Ask them, or pay in another way.',
    'not-subscribed': 'This number is not subscribed to this service.',
    'wrong-number': 'The mobile number or the year of birth is wrong.',
    'insufficient-balance':
      'The balance is too low. You were not charged: top it up, or pay in another way.',
    'account-problem':
      'There is a problem with your bank account. Ask your bank, or pay in another way.',
    'already-paid':
      'This order is already paid. You were not charged a second time.',
    unknown:
      'We did not get a clear answer, and you may have been charged. Please do not pay again.',
    'not-delivered':
      'You have paid, but we could not record it yet. Please do not pay again.',
    'not-possible':
      'You cannot pay in this way at the moment. You were not charged: try again later, or pay in another way.',
  },
  notFound: 'There is no such page',
  failed: 'Something went wrong. Please try again in a moment.',
};

export const TEXTS: Readonly<Record<PlutuLanguage, Texts>> = { ar: AR, en: EN };
