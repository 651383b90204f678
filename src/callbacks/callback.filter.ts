import {
  Catch,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { isBrowser } from './is-browser.js';
import { CallbackException } from './callback.exceptions.js';
import {
  PENDING_PAGE,
  PENDING_PAGE_HEADERS,
  RETRY_AFTER,
} from './pending-page.js';

/**
 * Answers a callback that does not reach the endpoint's method. One that is not
 * booked yet is never redirected, because the signed message would be lost: a browser
 * is shown a page that tries again by itself.
 */
@Catch(CallbackException)
export class CallbackFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: CallbackException, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const http = host.switchToHttp();
    const response: unknown = http.getResponse();
    const status = exception.getStatus();
    if (exception.page !== undefined) {
      httpAdapter.redirect(response, 303, exception.page);
      return;
    }
    if (status !== 202 && status !== 503) {
      httpAdapter.reply(response, exception.getResponse(), status);
      return;
    }
    httpAdapter.setHeader(response, 'Retry-After', String(RETRY_AFTER));
    httpAdapter.setHeader(response, 'Vary', 'Accept');
    const isPage = isBrowser(http.getRequest());
    if (isPage) {
      for (const [name, value] of Object.entries(PENDING_PAGE_HEADERS)) {
        httpAdapter.setHeader(response, name, value);
      }
    }
    const body = isPage ? PENDING_PAGE : exception.getResponse();
    httpAdapter.reply(response, body, status);
  }
}
