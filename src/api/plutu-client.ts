import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpService } from '@nestjs/axios';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { AxiosRequestConfig } from 'axios';
import {
  defer,
  firstValueFrom,
  catchError,
  map,
  retry,
  Subject,
  takeUntil,
  throwError,
  throwIfEmpty,
  timeout,
  type Observable,
} from 'rxjs';
import { PlutuAccount } from '../account/plutu-account.js';
import type { PlutuCredentials } from '../account/plutu-credentials.js';
import {
  requestChannel,
  type PlutuRequestTrace,
} from '../diagnostics/channels.js';
import { traced } from '../diagnostics/traced.js';
import { PlutuError } from '../errors/plutu-errors.js';
import { ApiSettings } from './api.options.js';
import { withoutMobileNumbers } from '../protocol/mobile-number.js';
import {
  pauseBeforeRetry,
  requestFailure,
  timedOut,
} from './network-failure.js';
import {
  openEnvelope,
  type JsonObject,
  type RawAnswer,
} from './plutu-envelope.js';

/** Plutu's answers have a few hundred bytes. Anything larger than this is refused. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * How long a connection may be idle, in milliseconds: shorter than servers allow. If
 * the server closed it just as a request goes out, the outcome would be unknown.
 */
const IDLE_CONNECTION_TIMEOUT = 4_000;

const AGENT_OPTIONS = { keepAlive: true, timeout: IDLE_CONNECTION_TIMEOUT };

/** A request to Plutu, and what its answer holds. */
export interface PlutuRequest<T> {
  /** Whose payment it is, if the application has tenants. */
  readonly tenant: string | undefined;
  /** Plutu's name for the gateway, such as `mpgs`. */
  readonly gateway: string;
  /** What Plutu calls the request. */
  readonly action: 'verify' | 'confirm';
  /** The fields, under Plutu's names for them. */
  readonly form: Readonly<Record<string, string>>;
  /** The invoice that it is about, for an error that has to name it. */
  readonly invoiceNo: string;
  /**
   * Makes what the caller wants from the `result`; `undefined` if the result does not
   * contain it.
   */
  readonly readResult: (result: JsonObject) => T | undefined;
  /**
   * What no error may quote from Plutu's answer, such as the customer's mobile
   * number.
   */
  readonly personal?: readonly string[] | undefined;
  /** How long it may take, in milliseconds. Default: the option `timeout`. */
  readonly timeout?: number | undefined;
}

/** Talks to Plutu's API: one form out, one opened envelope back. */
@Injectable()
export class PlutuClient implements OnApplicationShutdown {
  // `#` hides them from inspection: a socket in use holds its request with its
  // headers.
  readonly #agents = {
    httpAgent: new HttpAgent(AGENT_OPTIONS),
    httpsAgent: new HttpsAgent(AGENT_OPTIONS),
  };
  readonly #shutdown = new Subject<void>();

  constructor(
    private readonly http: HttpService,
    private readonly settings: ApiSettings,
    private readonly account: PlutuAccount,
  ) {}

  /**
   * Posts a form and reads the `result` of Plutu's answer.
   *
   * @param credentials of the account to act for.
   * @throws {PlutuRefusedError} Plutu said no.
   * @throws {PlutuConnectionError} nothing was sent, after all retries.
   * @throws {PlutuOutcomeUnknownError} sent, but not answered.
   * @throws {PlutuUnexpectedAnswerError} answered by something else.
   */
  async post<T>(
    credentials: PlutuCredentials,
    request: PlutuRequest<T>,
  ): Promise<T> {
    return traced(
      requestChannel,
      () => this.traceOf(request),
      async (trace) => {
        try {
          return await this.exchange(credentials, request, trace);
        } catch (error) {
          if (trace && error instanceof PlutuError)
            trace.errorCode = error.code;
          throw error;
        }
      },
    );
  }

  onApplicationShutdown(): void {
    this.#shutdown.next();
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
  }

  private traceOf(request: PlutuRequest<unknown>): PlutuRequestTrace {
    const { tenant, gateway, action, invoiceNo } = request;
    return {
      account: this.account.name,
      tenant,
      gateway,
      action,
      path: pathOf(request),
      invoiceNo,
    };
  }

  private async exchange<T>(
    credentials: PlutuCredentials,
    request: PlutuRequest<T>,
    trace: PlutuRequestTrace | undefined,
  ): Promise<T> {
    const answer = await firstValueFrom(
      defer(() => this.send(credentials, request)).pipe(
        retry({
          count: this.settings.retries,
          delay: (error: unknown, attempt) =>
            pauseBeforeRetry(error, attempt).pipe(
              takeUntil(this.#shutdown),
              throwIfEmpty(() => error),
            ),
        }),
      ),
    );
    if (trace) trace.httpStatus = answer.httpStatus;
    return openEnvelope(answer, request.readResult, (text) =>
      // Plutu may name the customer's number even if the request does not.
      withoutMobileNumbers(credentials.redact(text, request.personal)),
    );
  }

  private send(
    credentials: PlutuCredentials,
    request: PlutuRequest<unknown>,
  ): Observable<RawAnswer> {
    const { form, invoiceNo, timeout: limit = this.settings.timeout } = request;
    const config: AxiosRequestConfig<string> = {
      ...this.#agents,
      headers: {
        ...credentials.authenticationHeaders(),
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      validateStatus: () => true,
    };
    const body = new URLSearchParams(form).toString();
    return this.http
      .post<string>(`${this.settings.baseUrl}/${pathOf(request)}`, body, config)
      .pipe(
        map(({ status, data }) => ({ httpStatus: status, body: data })),
        catchError((error: unknown) =>
          throwError(() =>
            requestFailure(
              error,
              new URL(this.settings.baseUrl).host,
              invoiceNo,
            ),
          ),
        ),
        // A deadline for the whole exchange: axios's own timeout starts anew
        // with every byte that trickles in.
        timeout({
          first: limit,
          with: () => timedOut(invoiceNo),
        }),
      );
  }
}

/** Below `baseUrl`, without a slash in front. */
function pathOf({ gateway, action }: PlutuRequest<unknown>): string {
  return `v1/transaction/${gateway}/${action}`;
}
