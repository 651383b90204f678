import { sandboxKeyProblem } from '../protocol/sandbox-keys.js';
import { failOption } from '../utils/options.js';
import type { PlutuKeys } from './account.options.js';
import { PLUTU_ENVIRONMENT } from './environment.js';
import { PlutuCredentials } from './plutu-credentials.js';

/** One registration of the module: an account at Plutu, by its name. */
export class PlutuAccount {
  /** The application's own keys; with tenants there may be none. */
  readonly credentials: PlutuCredentials | undefined;
  /** The URL of its Plutu, checked. */
  readonly baseUrl: string;

  /**
   * @param name the `name` of the registration.
   * @throws {PlutuConfigurationError} for invalid keys.
   */
  constructor(
    readonly name: string,
    { apiKey, accessToken, secretKey }: Partial<PlutuKeys>,
    { baseUrl, hasTenants }: { baseUrl: string; hasTenants: boolean },
  ) {
    const hasKeys = apiKey || accessToken || secretKey;
    this.credentials =
      hasTenants && !hasKeys
        ? undefined
        : new PlutuCredentials({ apiKey, accessToken, secretKey });
    this.baseUrl = baseUrl;
    const problem = sandboxKeyProblem(secretKey ?? '', baseUrl);
    if (problem) {
      failOption(
        'secretKey',
        `${problem} (environment variable ${PLUTU_ENVIRONMENT.secretKey})`,
      );
    }
  }
}
