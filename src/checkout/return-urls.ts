import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { EnabledGateways } from '../account/enabled-gateways.js';
import type { CheckoutSettings } from './checkout.options.js';

/** A URL, or why it is unknown, as a clause. */
export type FoundUrl = { readonly url: string } | { readonly problem: string };

type UrlOption = 'returnUrl' | 'callbackUrl';

/** Says where the customer's browser comes back to, and where callbacks go. */
export class ReturnUrls implements OnApplicationBootstrap {
  private readonly logger = new Logger('PlutuModule');

  /** @param isMoved whether the application gave the module another path. */
  constructor(
    private readonly settings: CheckoutSettings,
    private readonly gateways: EnabledGateways,
    private readonly application: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly isMoved: () => boolean,
  ) {}

  /** Warns about a URL without the global prefix: a proxy may add it. */
  onApplicationBootstrap(): void {
    for (const option of ['returnUrl', 'callbackUrl'] as const) {
      for (const [name, url] of Object.entries(this.configured(option))) {
        this.checkPrefix(option, name, url);
      }
    }
  }

  /** The URL of an option, for one gateway. */
  of(gateway: string, option: UrlOption): FoundUrl {
    const url = this.configured(option)[gateway];
    if (url !== undefined) return { url };
    const { appUrl } = this.settings;
    if (appUrl === undefined) {
      return { problem: `set the option "appUrl" or "${option}", or pass one` };
    }
    const { route, path } = this.routeFor(gateway, option);
    const problem =
      path === undefined
        ? `the ${route} route is off`
        : this.problem(path, route);
    if (path === undefined || problem !== undefined) {
      return {
        problem: `it cannot be made from "appUrl", because ${problem}: set the option "${option}", or pass one`,
      };
    }
    return { url: appUrl + this.withPrefix(path) };
  }

  private configured(option: UrlOption): Readonly<Record<string, string>> {
    const { returnUrls, callbackUrls } = this.settings;
    return option === 'returnUrl' ? returnUrls : callbackUrls;
  }

  /** The route that such a URL leads to, and its path if it is there. */
  private routeFor(
    gateway: string,
    option: UrlOption,
  ): { route: 'callback' | 'return'; path: string | undefined } {
    const { hasReturn, returnPath, callbackPath } =
      this.gateways.find(gateway) ?? {};
    return option === 'returnUrl' && hasReturn
      ? { route: 'return', path: returnPath }
      : { route: 'callback', path: callbackPath };
  }

  private checkPrefix(option: UrlOption, gateway: string, url: string): void {
    const { route, path } = this.routeFor(gateway, option);
    if (path === undefined || this.problem(path, route) !== undefined) return;
    const pathname = new URL(url).pathname.replace(/\/+$/, '');
    const expected = this.withPrefix(path);
    if (!pathname.endsWith(`/${path}`) || pathname.endsWith(expected)) return;
    const loss =
      route === 'callback'
        ? 'no payment will be recorded'
        : 'no customer will come back';
    this.logger.warn(
      `The ${option} of ${gateway} leads to ${pathname}, but the ${route} route is at ${expected}. Unless a proxy adds the rest, ${loss}.`,
    );
  }

  /** Why the path of the route is unknown. */
  private problem(path: string, route: string): string | undefined {
    if (!this.adapterHost.httpAdapter) return 'this process serves no HTTP';
    if (this.isMoved()) return `RouterModule moves the ${route} route`;
    const { exclude = [] } = this.application.getGlobalPrefixOptions();
    if (exclude.some(({ pathRegex }) => pathRegex.test(`/${path}`))) {
      return `the ${route} route is excluded from the global prefix`;
    }
    return /[:*{]/.test(this.withPrefix(path))
      ? `the path of the ${route} route has parameters`
      : undefined;
  }

  private withPrefix(path: string): string {
    const parts = `${this.application.getGlobalPrefix()}/${path}`.split('/');
    return `/${parts.filter(Boolean).join('/')}`;
  }
}
