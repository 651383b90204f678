import type { OtpPayment } from '../../otp/otp-payment.js';
import { SendOtpDto } from '../../otp/otp.dto.js';

/** Needs no more than every one-time password does. */
export const ADFALI_PAYMENT: OtpPayment = {
  gateway: 'edfali',
  currency: 'LYD',
  codeLength: 4,
  dto: SendOtpDto,
};
