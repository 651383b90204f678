import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  ServiceUnavailableException,
} from '@nestjs/common';
import type { FieldErrors } from '../plutu.errors.js';

/**
 * 403: Plutu did not sign this callback for MPGS. The answer does not say why;
 * the log and `MpgsCallbackRejectedEvent` do.
 */
export class MpgsCallbackRefusedException extends ForbiddenException {
  constructor() {
    super({
      statusCode: 403,
      code: 'PLUTU_CALLBACK_REFUSED',
      message: 'This is not a callback that Plutu signed.',
    });
  }
}

/** 400: Plutu signed it, but its content is not what Plutu documents. */
export class MpgsCallbackInvalidException extends BadRequestException {
  constructor(fields: FieldErrors) {
    super({
      statusCode: 400,
      code: 'PLUTU_CALLBACK_INVALID',
      message: 'The callback is signed but not valid.',
      fields,
    });
  }
}

/**
 * 409: paid, but the invoice is not known, or another amount or currency was
 * due. The answer does not say which; `MpgsPaymentMismatchEvent` does.
 */
export class MpgsPaymentMismatchException extends ConflictException {
  constructor() {
    super({
      statusCode: 409,
      code: 'PLUTU_PAYMENT_MISMATCH',
      message: 'The payment is not the one that was due.',
    });
  }
}

/**
 * 503: the callback is genuine and could not be delivered, as when a handler of
 * the event failed. Nothing was accepted: the next arrival is delivered anew.
 */
export class MpgsCallbackNotDeliveredException extends ServiceUnavailableException {
  constructor(cause: unknown) {
    super(
      {
        statusCode: 503,
        code: 'PLUTU_CALLBACK_NOT_DELIVERED',
        message: 'The payment could not be recorded yet. Please try again.',
      },
      { cause },
    );
  }
}
