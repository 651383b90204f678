import { Inject, type Abstract, type InjectionToken } from '@nestjs/common';

/** The account of a registration that has no `name`. */
export const DEFAULT_ACCOUNT = 'default';

/**
 * The injection token of what the module registers for one account, such as
 * `getPlutuToken(PlutuHealthIndicator, 'eu')`: for the default account, the class
 * itself.
 *
 * @param account the `name` of the registration.
 */
export function getPlutuToken<T>(
  provider: Abstract<T>,
  account: string = DEFAULT_ACCOUNT,
): InjectionToken<T> {
  return account === DEFAULT_ACCOUNT ? provider : `${provider.name}:${account}`;
}

/**
 * Injects what the module registers for one account, such as
 * `@InjectPlutu(MpgsService, 'eu')`. For the default account, the class as the
 * parameter's type is enough.
 *
 * @param account the `name` of the registration.
 */
export function InjectPlutu<T>(
  provider: Abstract<T>,
  account?: string,
): ParameterDecorator {
  return Inject(getPlutuToken(provider, account));
}
