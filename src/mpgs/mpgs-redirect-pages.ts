import {
  Catch,
  type ArgumentsHost,
  type ExceptionFilter,
  type HttpException,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { isHttpUrl } from '../callbacks/callback-parameters.js';
import { PlutuConfigurationError } from '../plutu.errors.js';
import { checkOptionNames, REDIRECT_PAGES } from '../plutu.option-names.js';
import type { MpgsRedirectPages } from '../plutu.options.js';
import type { MpgsCallbackDto } from './mpgs-callback.dto.js';
import {
  MpgsCallbackInvalidException,
  MpgsCallbackRefusedException,
  MpgsPaymentMismatchException,
} from './mpgs-callback.exceptions.js';

/** @throws {PlutuConfigurationError} for a page that is missing, unknown or no page. */
export function checkRedirectPages(pages: MpgsRedirectPages): void {
  checkOptionNames(pages, REDIRECT_PAGES);
  const given = new Map<string, unknown>(Object.entries(pages));
  for (const name of REDIRECT_PAGES) {
    const page = given.get(name);
    const isPage =
      typeof page === 'string' && (isHttpUrl(page) || isPath(page));
    if (!isPage) {
      throw new PlutuConfigurationError(
        `controller.redirect.${name}`,
        `PlutuModule: the option "controller.redirect.${name}" must be an absolute http(s) URL, or a path that begins with one "/".`,
      );
    }
  }
}

/** Where to send the customer's browser after a genuine callback. */
export function pageAfter(
  callback: MpgsCallbackDto,
  pages: MpgsRedirectPages,
): string {
  const { outcome, invoiceNo, tenant } = callback;
  return withQuery(pages[outcome], {
    outcome,
    invoiceNo,
    ...(tenant !== undefined && { tenant }),
  });
}

/** A filter that sends the browser to a page instead of answering 403, 400 or 409. */
export function refusedPageFilter(page: string): Type<ExceptionFilter> {
  const url = withQuery(page, { outcome: 'refused' });

  @Catch(
    MpgsCallbackRefusedException,
    MpgsCallbackInvalidException,
    MpgsPaymentMismatchException,
  )
  class RefusedPageFilter implements ExceptionFilter {
    constructor(private readonly adapterHost: HttpAdapterHost) {}

    catch(_exception: HttpException, host: ArgumentsHost): void {
      const response: unknown = host.switchToHttp().getResponse();
      this.adapterHost.httpAdapter.redirect(response, 303, url);
    }
  }

  return RefusedPageFilter;
}

function withQuery(page: string, query: Record<string, string>): string {
  // A path gets a host to be parsed with, and loses it again.
  const url = new URL(page, 'http://path.invalid');
  for (const [name, value] of Object.entries(query)) {
    url.searchParams.set(name, value);
  }
  return isPath(page) ? url.href.slice(url.origin.length) : url.href;
}

function isPath(page: string): boolean {
  // Also once it is normalized, as in `/.//elsewhere.example`.
  return (
    /^\/[^\s\\]*$/.test(page) &&
    !page.startsWith('//') &&
    !new URL(page, 'http://path.invalid').pathname.startsWith('//')
  );
}
