import {
  applyDecorators,
  Controller,
  Res,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { CallbackChannel } from './callback-channel.js';
import { callbackEndpoint } from './callback-endpoint.js';
import type { RedirectPages } from './redirect-pages.js';
import type { ReturnChannel } from './return-channel.js';

/** A route of the module that Plutu calls, or sends the customer's browser to. */
export interface EndpointRoute<Answer, Pages extends RedirectPages> {
  /** The controller's path. */
  readonly path: string;
  /** The method's path below it. */
  readonly name: 'callback' | 'return';
  readonly channel: CallbackChannel | ReturnChannel;
  /** The `name` of the registration. */
  readonly account: string;
  /** Hands the method what it answers with. */
  readonly answer: () => ParameterDecorator;
  /** The shop's pages; without them, answers are JSON. */
  readonly pages: Pages | undefined;
  /** The page that an answer leads to. */
  readonly pageAfter: (answer: Answer, pages: Pages) => string;
  /** Further decorators for the method. */
  readonly decorators: readonly MethodDecorator[];
}

/**
 * Makes the controller, with one method, `answer`. It is a class of its own: paths
 * and guards are metadata of the class, which two accounts in one application must
 * not share.
 */
export function createEndpointController<Answer, Pages extends RedirectPages>(
  route: EndpointRoute<Answer, Pages>,
): Type<unknown> {
  const { path, name, channel, account, pages, pageAfter, decorators } = route;
  const endpoint = applyDecorators(
    callbackEndpoint(channel, { path: name, account, ...(pages && { pages }) }),
    ...decorators,
  );

  // Plutu sends no version, whatever the application's default is.
  @Controller({ path, version: VERSION_NEUTRAL })
  class EndpointController {
    @endpoint
    answer(@route.answer() answer: Answer): Answer {
      return answer;
    }
  }

  @Controller({ path, version: VERSION_NEUTRAL })
  class RedirectingEndpointController {
    constructor(private readonly adapterHost: HttpAdapterHost) {}

    // By hand: an interceptor could change a returned URL.
    @endpoint
    answer(@route.answer() answer: Answer, @Res() response: unknown): void {
      if (!pages) return;
      const page = pageAfter(answer, pages);
      this.adapterHost.httpAdapter.redirect(response, 303, page);
    }
  }

  return pages ? RedirectingEndpointController : EndpointController;
}
