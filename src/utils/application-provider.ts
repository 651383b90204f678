import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';

/**
 * A provider of the application that an option names. It is looked up when the
 * application starts and not injected: the class that knows the invoices often
 * injects a gateway's service, and would wait for itself.
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
