import type { TestNumber } from './otp-gateway.js';

/**
 * Mobile numbers for tests. Every other valid number does what `good` does, and so
 * does one whose failure the gateway does not know.
 */
export const TEST_NUMBERS = {
  /** The SMS is sent, and the right code pays. Plutu's own test number. */
  good: '0913632323',
  /** The number, or at Sadad the number with this birth year, is unknown. */
  unknown: '0910000001',
  /** Adfali: the customer is not subscribed to it. */
  notSubscribed: '0910000002',
  /** Adfali: something is wrong with the customer's bank account. */
  checkBankAccount: '0910000003',
  /** Sadad: the last SMS was sent too short a time ago. */
  waitBeforeResend: '0910000004',
  /** Sadad: the customer is locked out. */
  locked: '0910000005',
  /** The provider fails before it sends an SMS: HTTP 500. */
  noSms: '0910000006',
  /** Sadad: the right code, but not enough money. */
  insufficientBalance: '0910000011',
  /** The right code, but too late. */
  expired: '0910000012',
  /** The provider fails with HTTP 500; the customer is not charged. */
  failsUncharged: '0910000013',
  /** The very same answer, but the customer is charged. */
  failsCharged: '0910000014',
  /** Adfali: charged, but not recorded at the bank: HTTP 500. */
  notRecorded: '0910000015',
} as const;

export const EXPIRED: TestNumber = {
  mobileNumber: TEST_NUMBERS.expired,
  at: 'confirm',
  code: 'OTP_EXPIRED',
};

/** The provider's failures, which differ from gateway to gateway by their code. */
export function providerFailures(code: string): readonly TestNumber[] {
  return [
    { mobileNumber: TEST_NUMBERS.noSms, at: 'verify', code },
    { mobileNumber: TEST_NUMBERS.failsUncharged, at: 'confirm', code },
    {
      mobileNumber: TEST_NUMBERS.failsCharged,
      at: 'confirm',
      code,
      isCharged: true,
    },
  ];
}
