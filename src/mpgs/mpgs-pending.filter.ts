import {
  Catch,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  PENDING_PAGE,
  PENDING_PAGE_HEADERS,
  RETRY_AFTER,
} from '../callbacks/pending-page.js';
import { MpgsCallbackNotDeliveredException } from './mpgs-callback.exceptions.js';

/** Browsers name it first and without a weight; a weight of 0 excludes it. */
const ACCEPTS_HTML =
  /(?:^|,)\s*text\/html\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|,|$)/i;

/**
 * Answers a callback that was not delivered: 503 with `Retry-After`, and for a
 * browser a page that tries again by itself. It never redirects, since the
 * signed query would be lost with that.
 */
@Catch(MpgsCallbackNotDeliveredException)
export class MpgsPendingFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(
    exception: MpgsCallbackNotDeliveredException,
    host: ArgumentsHost,
  ): void {
    const { httpAdapter } = this.adapterHost;
    const http = host.switchToHttp();
    const response: unknown = http.getResponse();
    httpAdapter.setHeader(response, 'Retry-After', String(RETRY_AFTER));
    httpAdapter.setHeader(response, 'Vary', 'Accept');
    const { accept } = http.getRequest<{ headers: { accept?: string } }>()
      .headers;
    const isBrowser = ACCEPTS_HTML.test(accept ?? '');
    if (isBrowser) {
      for (const [name, value] of Object.entries(PENDING_PAGE_HEADERS)) {
        httpAdapter.setHeader(response, name, value);
      }
    }
    httpAdapter.reply(
      response,
      isBrowser ? PENDING_PAGE : exception.getResponse(),
      exception.getStatus(),
    );
  }
}
