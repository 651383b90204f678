import { ValidateBy } from 'class-validator';
import {
  MOBILE_NUMBER_PROPERTY,
  REQUEST_PROPERTIES,
} from '../../openapi/dtos.js';
import { describeProperties } from '../../openapi/metadata.js';
import type { OtpPayment } from '../../otp/otp-payment.js';
import { SendOtpDto } from '../../otp/otp.dto.js';
import { plainDigits } from '../../protocol/digits.js';
import { mobileNumber } from '../../protocol/mobile-number.js';
import { IsLibyanMobileNumber } from '../../requests/is-libyan-mobile-number.js';

/** The prefixes of Al-Madar, which runs Sadad, according to Plutu's documentation. */
const AL_MADAR = /^09[13]/;

/** What a one-time password of Sadad needs. */
export class SadadOtpDto extends SendOtpDto {
  /** A number of Al-Madar, which begins with 091 or 093. */
  // class-validator drops the inherited rule if a subclass has one of its own.
  @IsLibyanMobileNumber()
  @ValidateBy({
    name: 'isAlMadarNumber',
    validator: {
      validate: (value) => AL_MADAR.test(mobileNumber(value) ?? '091'),
      defaultMessage: () =>
        'mobileNumber must be one of Al-Madar, which begins with 091 or 093',
    },
  })
  declare mobileNumber: string;

  /** The year in which the customer was born, such as `'1990'`. */
  @ValidateBy({
    name: 'isBirthYear',
    validator: {
      validate: (value) => birthYear(value) !== undefined,
      // Never the year itself.
      defaultMessage: () =>
        'birthYear must be a year of four digits, such as "1990"',
    },
  })
  birthYear!: string | number;
}

export const SADAD_PAYMENT: OtpPayment<SadadOtpDto> = {
  gateway: 'sadadapi',
  currency: 'LYD',
  codeLength: 6,
  dto: SadadOtpDto,
  toForm: (request) => ({ birth_year: birthYear(request.birthYear) ?? '' }),
};

/** Describes what the DTO needs beside the common properties to `@nestjs/swagger`. */
export function describeSadadOtp(): void {
  describeProperties(SadadOtpDto, {
    ...REQUEST_PROPERTIES,
    mobileNumber: MOBILE_NUMBER_PROPERTY,
    birthYear: {
      oneOf: [{ type: 'string' }, { type: 'integer' }],
      description: 'The year in which the customer was born.',
      example: '1990',
    },
  });
}

/** @returns `undefined` if it is not a year, or is in the future. */
function birthYear(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const year = plainDigits(String(value));
  const isPast = Number(year) <= new Date().getUTCFullYear();
  return /^(?:19|20)\d\d$/.test(year) && isPast ? year : undefined;
}
