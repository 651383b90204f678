import type { Type } from '@nestjs/common';
import type { SendOtpDto } from './otp.dto.js';

/** How a gateway is paid with a one-time password. */
export interface OtpPayment<Dto extends SendOtpDto = SendOtpDto> {
  /** Plutu's name for the gateway, such as `sadadapi`. */
  readonly gateway: string;
  /** The currency of every payment (ISO 4217). */
  readonly currency: string;
  /** How many digits a code has. */
  readonly codeLength: number;
  /** What a request for a code is validated as. */
  readonly dto: Type<Dto>;
  /** The fields that *verify* needs beside mobile number and amount, by wire name. */
  toForm?(request: Dto): Readonly<Record<string, string>>;
}
