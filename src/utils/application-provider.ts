import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';

/**
 * Finds the application's provider that an option names. It is looked up at startup,
 * not injected: the class that knows the invoices often injects a gateway's service,
 * which would be a circular dependency.
 *
 * @param option the option's name.
 * @throws {PlutuConfigurationError} if no module provides it.
 */
export function applicationProvider<T>(
  moduleRef: ModuleRef,
  option: string,
  token: InjectionToken<T>,
): T {
  try {
    return moduleRef.get<T>(token, { strict: false });
  } catch {
    throw new PlutuConfigurationError(
      option,
      `PlutuModule: the option "${option}" names a class that no module of the application provides, or that is not a singleton.`,
    );
  }
}
