import {
  applyDecorators,
  Body,
  Controller,
  Header,
  Ip,
  Post,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DEFAULT_ACCOUNT } from '../plutu.account.js';
import { PlutuConfigurationError } from '../plutu.errors.js';
import { PlutuErrorsInterceptor } from '../plutu-http.exceptions.js';
import { checkOptionNames, CONTROLLER_OPTIONS } from '../plutu.option-names.js';
import type {
  MpgsControllerOptions,
  MpgsRedirectPages,
  MpgsRoute,
} from '../plutu.options.js';
import { withCustomerIp } from './customer-ip.js';
import type { MpgsCallbackDto } from './mpgs-callback.dto.js';
import { MpgsConfirmDto, type MpgsCheckout } from './mpgs-confirm.dto.js';
import {
  InjectMpgs,
  MpgsCallback,
  MpgsCallbackEndpoint,
} from './mpgs.decorators.js';
import {
  checkRedirectPages,
  pageAfter,
  refusedPageFilter,
} from './mpgs-redirect-pages.js';
import { MpgsService } from './mpgs.service.js';

const ROUTES: readonly MpgsRoute[] = ['confirm', 'callback'];

/**
 * Makes the controllers of one registration of the module, one for each route.
 * They are classes of its own: paths and guards are metadata of the class,
 * which two accounts in one application must not share.
 *
 * @param account the `name` of the registration.
 * @throws {PlutuConfigurationError} for an option that cannot work.
 */
export function createMpgsControllers(
  options: MpgsControllerOptions,
  account: string,
): Type<unknown>[] {
  checkOptionNames(options, CONTROLLER_OPTIONS);
  const path = controllerPath(options, account);
  const {
    routes = ROUTES,
    confirmGuards = [],
    customerIp = false,
    callbackDecorators = [],
    redirect,
  } = options;
  if (typeof path !== 'string') fail('path', 'must be text');
  if (routes.length === 0 || !routes.every((name) => ROUTES.includes(name))) {
    fail(
      'routes',
      `must list one or both of "${ROUTES.join('", "')}"; for none, set "controller" to false`,
    );
  }
  if (redirect) checkRedirectPages(redirect);
  const endpoint = applyDecorators(
    MpgsCallbackEndpoint('callback', { account }),
    ...callbackDecorators,
  );
  const makers: Record<MpgsRoute, () => Type<unknown>> = {
    confirm: () =>
      createConfirmController(path, account, confirmGuards, customerIp),
    callback: () =>
      redirect
        ? createRedirectingCallbackController(path, endpoint, redirect)
        : createCallbackController(path, endpoint),
  };
  return routes.map((name) => makers[name]());
}

/** Whether a registration has the callback route. */
export function hasCallbackRoute(
  controller: MpgsControllerOptions | boolean,
): boolean {
  if (typeof controller === 'boolean') return controller;
  return (controller.routes ?? ROUTES).includes('callback');
}

/** The path that the controllers of a registration are at. */
export function controllerPath(
  options: MpgsControllerOptions | true,
  account: string,
): string {
  const path = options === true ? undefined : options.path;
  if (path !== undefined) return path;
  return account === DEFAULT_ACCOUNT ? 'plutu/mpgs' : `plutu/${account}/mpgs`;
}

function createConfirmController(
  path: string,
  account: string,
  guards: readonly (Type<CanActivate> | CanActivate)[],
  sendsCallerIp: boolean,
): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class MpgsConfirmController {
    constructor(@InjectMpgs(account) private readonly mpgs: MpgsService) {}

    @Post('confirm')
    @UseGuards(...guards)
    @UseInterceptors(PlutuErrorsInterceptor)
    @Header('Cache-Control', 'no-store')
    confirm(
      @Body() request: MpgsConfirmDto,
      @Ip() callerIp: string | undefined,
    ): Promise<MpgsCheckout> {
      return this.mpgs.confirm(
        sendsCallerIp ? withCustomerIp(request, callerIp) : request,
      );
    }
  }

  return MpgsConfirmController;
}

function createCallbackController(
  path: string,
  endpoint: MethodDecorator,
): Type<unknown> {
  // Plutu sends no version, whatever the application's default is.
  @Controller({ path, version: VERSION_NEUTRAL })
  class MpgsCallbackController {
    @endpoint
    callback(@MpgsCallback() callback: MpgsCallbackDto): MpgsCallbackDto {
      return callback;
    }
  }

  return MpgsCallbackController;
}

function createRedirectingCallbackController(
  path: string,
  endpoint: MethodDecorator,
  pages: MpgsRedirectPages,
): Type<unknown> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class MpgsCallbackController {
    constructor(private readonly adapterHost: HttpAdapterHost) {}

    // By hand: of a returned URL, an interceptor may make something else.
    @endpoint
    @UseFilters(refusedPageFilter(pages.refused))
    redirect(
      @MpgsCallback() callback: MpgsCallbackDto,
      @Res() response: unknown,
    ): void {
      const page = pageAfter(callback, pages);
      this.adapterHost.httpAdapter.redirect(response, 303, page);
    }
  }

  return MpgsCallbackController;
}

function fail(option: keyof MpgsControllerOptions, problem: string): never {
  throw new PlutuConfigurationError(
    `controller.${option}`,
    `PlutuModule: the option "controller.${option}" ${problem}.`,
  );
}
