import { expect, it } from 'vitest';
import { SADAD, sadad } from '../../src/index.js';
import { describeOtpContract, otpShop } from '../support/otp-contract.js';

describeOtpContract({
  gateway: SADAD,
  feature: sadad,
  code: '004242',
  request: { birthYear: 1990 },
  form: { birth_year: '1990' },
  wrongCode: 'INVLIAD_OTP',
});

it.each([
  ['mobileNumber', '092 234 5678', 'mobileNumber must be one of Al-Madar'],
  ['birthYear', '90', 'birthYear must be a year of four digits'],
  ['birthYear', 2090, 'birthYear must be a year of four digits'],
  ['birthYear', undefined, 'birthYear must be a year of four digits'],
])('Sadad refuses %s %s before a code is sent', async (field, value, says) => {
  const { service, order, form } = await otpShop({
    gateway: SADAD,
    feature: sadad,
    request: { birthYear: '1990' },
  });

  await expect(
    service.sendOtp({ ...order, [field]: value }),
  ).rejects.toMatchObject({
    fields: { [field]: [expect.stringContaining(says)] },
  });
  expect(form('verify')).toEqual({});
});
