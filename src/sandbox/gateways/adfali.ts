import { MOBILE_NUMBER_FIELD } from '../api/common-fields.js';
import type { OtpGateway } from './otp-gateway.js';
import { EXPIRED, providerFailures, TEST_NUMBERS } from './test-numbers.js';

/** Adfali of the Bank of Commerce & Development. */
export const ADFALI: OtpGateway<'edfali'> = {
  name: 'edfali',
  title: 'Adfali',
  codeLength: 4,
  testCode: '1111',
  mobileNumber: MOBILE_NUMBER_FIELD,
  fields: {},
  verifyResult: {},
  refusals: {
    wrongCode: 'CONFIRMATION_ERROR',
    wrongAmount: 'INVALID_AMOUNT',
    // None of Adfali's own codes says it, so it is one of every gateway's.
    usedInvoiceNo: 'INVALID_INPUTS',
  },
  testNumbers: [
    {
      mobileNumber: TEST_NUMBERS.unknown,
      at: 'verify',
      code: 'INVALID_MOBILE_NUMBER',
    },
    {
      mobileNumber: TEST_NUMBERS.notSubscribed,
      at: 'verify',
      code: 'NOT_SUBSCRIBED',
    },
    {
      mobileNumber: TEST_NUMBERS.checkBankAccount,
      at: 'verify',
      code: 'CHECK_BANK_ACCOUNT',
    },
    EXPIRED,
    ...providerFailures('BACKEND_SERVER_ERROR'),
    {
      mobileNumber: TEST_NUMBERS.notRecorded,
      at: 'confirm',
      code: 'ADD_PAYMENT_ERROR',
      isCharged: true,
    },
  ],
};
