import type { OtpPayment } from '../../otp/otp-payment.js';
import { SendOtpDto } from '../../otp/otp.dto.js';

/** Needs nothing beyond what every one-time password needs. */
export const ADFALI_PAYMENT: OtpPayment = {
  gateway: 'edfali',
  currency: 'LYD',
  codeLength: 4,
  dto: SendOtpDto,
};
