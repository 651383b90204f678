import { HttpException } from '@nestjs/common';
import type { FieldErrors } from '../errors/plutu-errors.js';

/** The answer to a callback if the endpoint's method is not called. */
export abstract class CallbackException extends HttpException {
  /** For a browser: the shop's page, instead of this answer. */
  readonly page: string | undefined;

  constructor(
    answer: {
      readonly statusCode: number;
      readonly code: string;
      readonly message: string;
      readonly fields?: FieldErrors | undefined;
    },
    { page, cause }: { page?: string | undefined; cause?: unknown } = {},
  ) {
    super(answer, answer.statusCode, { cause });
    this.page = page;
  }
}

/**
 * 403: Plutu did not sign this callback for this gateway. The answer does not say
 * why; the log and `CallbackRejectedEvent` do.
 */
export class CallbackRefusedException extends CallbackException {
  constructor(page?: string) {
    super(
      {
        statusCode: 403,
        code: 'PLUTU_CALLBACK_REFUSED',
        message: 'This is not a callback that Plutu signed.',
      },
      { page },
    );
  }
}

/** 400: Plutu signed it, but its content is not what Plutu documents. */
export class CallbackInvalidException extends CallbackException {
  constructor(fields: FieldErrors, page?: string) {
    super(
      {
        statusCode: 400,
        code: 'PLUTU_CALLBACK_INVALID',
        message: 'The callback is signed but not valid.',
        fields,
      },
      { page },
    );
  }
}

/**
 * 409: paid, but the invoice is unknown, or another amount or currency was due. The
 * answer does not say which; `PaymentMismatchEvent` does.
 */
export class PaymentMismatchException extends CallbackException {
  constructor(page?: string) {
    super(
      {
        statusCode: 409,
        code: 'PLUTU_PAYMENT_MISMATCH',
        message: 'The payment is not the one that was due.',
      },
      { page },
    );
  }
}

/** 202: accepted, but not booked yet. A browser is shown a page that asks again. */
export class PaymentPendingException extends CallbackException {
  constructor() {
    super({
      statusCode: 202,
      code: 'PLUTU_PAYMENT_PENDING',
      message: 'The payment is accepted and is being recorded.',
    });
  }
}

/**
 * 503: the callback is genuine but could not be accepted, such as when a handler of
 * the event failed. The next arrival tries again.
 */
export class CallbackNotAcceptedException extends CallbackException {
  constructor(cause: unknown) {
    super(
      {
        statusCode: 503,
        code: 'PLUTU_CALLBACK_NOT_ACCEPTED',
        message: 'The payment could not be recorded yet. Please try again.',
      },
      { cause },
    );
  }
}
