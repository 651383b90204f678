import { ADFALI, adfali } from '../../src/index.js';
import { describeOtpContract } from '../support/otp-contract.js';

describeOtpContract({
  gateway: ADFALI,
  feature: adfali,
  code: '0042',
  wrongCode: 'CONFIRMATION_ERROR',
});
