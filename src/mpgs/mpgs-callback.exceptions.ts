import {
  BadRequestException,
  ForbiddenException,
  ServiceUnavailableException,
} from '@nestjs/common';
import type { FieldErrors } from '../plutu.errors.js';

/**
 * 403: Plutu did not sign this callback for MPGS and one of the module's
 * currencies. The answer does not say why; the log and
 * `MpgsCallbackRejectedEvent` do.
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
 * 503: the callback is genuine and could not be delivered, as when a handler of
 * the event failed. It is not remembered: the next arrival is delivered anew.
 */
export class MpgsCallbackNotDeliveredException extends ServiceUnavailableException {
  constructor(cause: unknown) {
    super(
      {
        statusCode: 503,
        code: 'PLUTU_CALLBACK_NOT_DELIVERED',
        message: 'The payment could not be recorded yet. Please reload.',
      },
      { cause },
    );
  }
}
