import {
  HttpException,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, throwError, type Observable } from 'rxjs';
import {
  PlutuAlreadyPaidError,
  PlutuConnectionError,
  PlutuError,
  PlutuInvalidRequestError,
  PlutuInvoiceMismatchError,
  PlutuJournalError,
  PlutuLookupError,
  PlutuOtpError,
  PlutuOutcomeUnknownError,
  PlutuPaymentNotDeliveredError,
  PlutuPaymentUnknownError,
  PlutuRefusedError,
  PlutuUnexpectedAnswerError,
  type FieldErrors,
} from './plutu-errors.js';

/** The body of the HTTP answer to a {@link PlutuError}. */
export class PlutuErrorAnswer {
  /** The HTTP status. */
  readonly statusCode!: number;
  /** For programs: the error's code, such as `PLUTU_INVALID_REQUEST`. */
  readonly code!: string;
  /** For people, in English. */
  readonly message!: string;
  /** What is wrong with individual fields. */
  readonly fields?: FieldErrors | undefined;
}

/**
 * Turns a {@link PlutuError} into the HTTP answer to the request:
 *
 * | error | status |
 * |---|---|
 * | invalid request | 400 |
 * | the request does not agree with the invoice | 422 |
 * | refused because of the request or the customer | 422 |
 * | refused because of Plutu; no connection; unexpected answer | 502 |
 * | the order is already paid | 409 |
 * | one-time password: the customer can do something | 422, or 429 to wait |
 * | outcome unknown, of a checkout or of a payment | 504 |
 * | paid, but not delivered | 503 |
 * | the application's lookup failed; the journal cannot be written | 503 |
 * | refused because of the configuration | 500 |
 *
 * If only the operator can correct the problem, the answer has the code and nothing
 * else about it.
 */
export function toHttpException(error: PlutuError): HttpException {
  const answer = httpAnswer(error);
  return new HttpException(answer, answer.statusCode, { cause: error });
}

/** Gives the errors of this package their HTTP answers, on any controller. */
@Injectable()
export class PlutuErrorsInterceptor implements NestInterceptor {
  private readonly logger = new Logger(PlutuErrorsInterceptor.name);

  intercept(
    _context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) =>
        throwError(() => {
          if (!(error instanceof PlutuError)) return error;
          const exception = toHttpException(error);
          if (exception.getStatus() >= 500) {
            this.logger.error(`${error.code}: ${error.message}`);
          }
          return exception;
        }),
      ),
    );
  }
}

function httpAnswer(error: PlutuError): PlutuErrorAnswer {
  const { code, message } = error;
  if (error instanceof PlutuInvalidRequestError) {
    return { statusCode: 400, code, message, fields: error.fields };
  }
  if (error instanceof PlutuInvoiceMismatchError) {
    return { statusCode: 422, code, message, fields: error.fields };
  }
  if (error instanceof PlutuAlreadyPaidError) {
    // The error's own message has the numbers of somebody's payment.
    return { statusCode: 409, code, message: 'The order is already paid.' };
  }
  if (error instanceof PlutuOtpError) {
    return { statusCode: error.retryable ? 429 : 422, code, message };
  }
  if (error instanceof PlutuPaymentUnknownError) {
    return {
      statusCode: 504,
      code,
      message:
        'It is unknown whether the payment was made. Do not pay again; ask the shop.',
    };
  }
  if (error instanceof PlutuPaymentNotDeliveredError) {
    return {
      statusCode: 503,
      code,
      message:
        'The payment was made but is not recorded yet. Do not pay again; send this request again.',
    };
  }
  if (error instanceof PlutuRefusedError && error.fault !== 'configuration') {
    const statusCode = error.fault === 'plutu' ? 502 : 422;
    return { statusCode, code, message, fields: error.fields };
  }
  if (error instanceof PlutuOutcomeUnknownError) {
    return { statusCode: 504, code, message };
  }
  if (error instanceof PlutuConnectionError) {
    // The error's own message names a host, which may be an internal one.
    return { statusCode: 502, code, message: 'Plutu cannot be reached.' };
  }
  if (error instanceof PlutuLookupError || error instanceof PlutuJournalError) {
    // The error's own message may quote the application's database.
    return { statusCode: 503, code, message: 'Please try again later.' };
  }
  if (error instanceof PlutuUnexpectedAnswerError) {
    return { statusCode: 502, code, message };
  }
  return {
    statusCode: 500,
    code,
    message: 'Payments are not set up correctly.',
  };
}
