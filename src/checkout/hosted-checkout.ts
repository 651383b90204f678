import type { Type } from '@nestjs/common';
import type { CheckoutDto } from './checkout.dto.js';

/** How a gateway opens a checkout that Plutu hosts. */
export interface HostedCheckout<Dto extends CheckoutDto = CheckoutDto> {
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** What a request is validated as. */
  readonly dto: Type<Dto>;
  /** The fields that the gateway needs beside the common ones, by wire name. */
  toForm?(request: Dto): Readonly<Record<string, string>>;
  /** The personal data among them, which no error may quote. */
  personal?(request: Dto): readonly string[];
}
