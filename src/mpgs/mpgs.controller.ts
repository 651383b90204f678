import {
  applyDecorators,
  Body,
  Controller,
  Header,
  Post,
  Redirect,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type Type,
} from '@nestjs/common';
import { PlutuErrorsInterceptor } from '../plutu-http.exceptions.js';
import type { MpgsControllerOptions, MpgsRoute } from '../plutu.options.js';
import type { MpgsCallbackDto } from './mpgs-callback.dto.js';
import { MpgsConfirmDto, type MpgsCheckout } from './mpgs-confirm.dto.js';
import { MpgsCallback, MpgsCallbackEndpoint } from './mpgs.decorators.js';
import {
  checkRedirectPages,
  pageAfter,
  refusedPageFilter,
  type SeeOther,
} from './mpgs-redirect-pages.js';
import { MpgsService } from './mpgs.service.js';

/**
 * Makes the controller of one registration of the module. Each gets a class of
 * its own: routes and guards are metadata of the class, which two accounts in
 * one application must not share.
 *
 * @throws {PlutuConfigurationError} for redirect pages that cannot work.
 */
export function createMpgsController({
  path = 'plutu/mpgs',
  routes = ['confirm', 'callback'],
  confirmGuards = [],
  redirect,
}: MpgsControllerOptions): Type<unknown> {
  if (redirect) checkRedirectPages(redirect);

  const route = (name: MpgsRoute, ...decorators: MethodDecorator[]) =>
    applyDecorators(...(routes.includes(name) ? decorators : []));

  @Controller(path)
  class MpgsController {
    constructor(private readonly mpgs: MpgsService) {}

    @route(
      'confirm',
      Post('confirm'),
      UseGuards(...confirmGuards),
      UseInterceptors(PlutuErrorsInterceptor),
      Header('Cache-Control', 'no-store'),
    )
    confirm(@Body() request: MpgsConfirmDto): Promise<MpgsCheckout> {
      return this.mpgs.confirm(request);
    }

    @route(
      'callback',
      MpgsCallbackEndpoint('callback'),
      ...(redirect
        ? [Redirect(), UseFilters(refusedPageFilter(redirect.refused))]
        : []),
    )
    callback(
      @MpgsCallback() callback: MpgsCallbackDto,
    ): MpgsCallbackDto | SeeOther {
      return redirect ? pageAfter(callback, redirect) : callback;
    }
  }

  return MpgsController;
}
