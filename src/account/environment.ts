import type { PlutuKeys } from './account.options.js';

/** The environment variables that {@link plutuOptionsFromEnv} reads. */
export const PLUTU_ENVIRONMENT = {
  apiKey: 'PLUTU_API_KEY',
  accessToken: 'PLUTU_ACCESS_TOKEN',
  secretKey: 'PLUTU_SECRET_KEY',
  baseUrl: 'PLUTU_BASE_URL',
} as const;

/**
 * Reads the account from the environment: `PLUTU_API_KEY`,
 * `PLUTU_ACCESS_TOKEN`, `PLUTU_SECRET_KEY` (several, while it is being
 * replaced, separated by commas) and `PLUTU_BASE_URL` (optional).
 *
 * A missing variable becomes an empty option, which stops the application at
 * startup with a `PlutuConfigurationError` that names it.
 *
 * @example
 * PlutuModule.forRootAsync({
 *   useFactory: () => ({ ...plutuOptionsFromEnv(), appUrl: 'https://…' }),
 * })
 */
export function plutuOptionsFromEnv(
  env: Readonly<Record<string, string | undefined>> = process.env,
): PlutuKeys & {
  /** Where Plutu's API is, if the variable is set. */
  baseUrl?: string;
} {
  const baseUrl = env[PLUTU_ENVIRONMENT.baseUrl];
  return {
    apiKey: env[PLUTU_ENVIRONMENT.apiKey] ?? '',
    accessToken: env[PLUTU_ENVIRONMENT.accessToken] ?? '',
    secretKey: (env[PLUTU_ENVIRONMENT.secretKey] ?? '').split(','),
    ...(baseUrl ? { baseUrl } : {}),
  };
}
