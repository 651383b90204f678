import type { OtpGateway } from './otp-gateway.js';
import { EXPIRED, providerFailures, TEST_NUMBERS } from './test-numbers.js';

/** Sadad of Al-Madar: the customer gives a number and the year of birth. */
export const SADAD: OtpGateway<'sadadapi'> = {
  name: 'sadadapi',
  title: 'Sadad',
  codeLength: 6,
  testCode: '111111',
  mobileNumber: {
    required: true,
    isValid: (text) => /^0?9[13]\d{7}$/.test(text),
    message: 'must be a number of Al-Madar (091 or 093), such as 0913632323',
  },
  fields: {
    birth_year: {
      required: true,
      isValid: (text) => /^\d{4}$/.test(text),
      message: 'must be a year of four digits',
    },
  },
  verifyResult: { commission: 0 },
  refusals: {
    // Plutu's own spelling.
    wrongCode: 'INVLIAD_OTP',
    wrongAmount: 'INVALID_INVOICE_AMOUNT_OR_NUMBER',
    usedInvoiceNo: 'DUPLICATED_INVOICE_NUMBER',
  },
  testNumbers: [
    {
      mobileNumber: TEST_NUMBERS.unknown,
      at: 'verify',
      code: 'INVALID_MOBILE_NUMBER_OR_BIRTH_YEAR',
    },
    {
      mobileNumber: TEST_NUMBERS.waitBeforeResend,
      at: 'verify',
      // Plutu's own spelling.
      code: 'OTP_WAIT_BEFORE_RESNED',
    },
    {
      mobileNumber: TEST_NUMBERS.locked,
      at: 'verify',
      code: 'PHONE_NUMBER_IS_LOCKED',
    },
    {
      mobileNumber: TEST_NUMBERS.insufficientBalance,
      at: 'confirm',
      code: 'INSUFFICIENT_BALANCE',
    },
    EXPIRED,
    ...providerFailures('BACKEND_ERROR'),
  ],
};
