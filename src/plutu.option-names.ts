import { PlutuConfigurationError } from './plutu.errors.js';
import type {
  MpgsControllerOptions,
  MpgsRedirectPages,
  PlutuModuleAsyncOptions,
  PlutuModuleExtras,
  PlutuOptions,
  PlutuTenants,
} from './plutu.options.js';

/** What a factory may make. */
export const PLUTU_OPTIONS = namesOf<PlutuOptions>({
  apiKey: true,
  accessToken: true,
  secretKey: true,
  baseUrl: true,
  returnUrl: true,
  lang: true,
  currencies: true,
  timeout: true,
  retries: true,
});

/** What shapes the module itself. */
export const MODULE_EXTRAS = namesOf<PlutuModuleExtras>({
  name: true,
  isGlobal: true,
  controller: true,
  delivery: true,
  invoices: true,
  tenants: true,
  imports: true,
});

/** The factory, and what stands beside it. */
export const ASYNC_OPTIONS = [
  ...MODULE_EXTRAS,
  ...namesOf<Omit<PlutuModuleAsyncOptions, keyof PlutuModuleExtras>>({
    inject: true,
    useFactory: true,
    useClass: true,
    useExisting: true,
  }),
];

export const TENANTS_OPTIONS = namesOf<PlutuTenants>({
  source: true,
  max: true,
  ttl: true,
});

export const CONTROLLER_OPTIONS = namesOf<MpgsControllerOptions>({
  path: true,
  routes: true,
  confirmGuards: true,
  customerIp: true,
  callbackDecorators: true,
  redirect: true,
});

export const REDIRECT_PAGES = namesOf<MpgsRedirectPages>({
  approved: true,
  canceled: true,
  incomplete: true,
  refused: true,
});

/**
 * Refuses a misspelled or misplaced option. Ignored, a `controller: false`
 * inside a factory would leave `POST confirm` open to everybody.
 *
 * @throws {PlutuConfigurationError}
 */
export function checkOptionNames(
  options: unknown,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new PlutuConfigurationError(
      'options',
      `PlutuModule needs an object of options: ${known.join(', ')}.`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new PlutuConfigurationError(
      name,
      MODULE_EXTRAS.includes(name)
        ? `PlutuModule: the option "${name}" shapes the module itself, so it belongs beside the factory and not into what it makes.`
        : `PlutuModule has no option "${name}" here. There are: ${known.join(', ')}.`,
    );
  }
}

/** Every key of a type, so that none can be forgotten. */
export function namesOf<T>(names: Record<keyof T, true>): readonly string[] {
  return Object.keys(names);
}
