import type { PlutuAccount } from './account/plutu-account.js';
import type { EndpointDiscovery } from './callbacks/endpoint-discovery.js';
import { PlutuConfigurationError } from './errors/plutu-errors.js';

/** What may conflict between two registrations. */
export class PlutuRegistration {
  constructor(
    private readonly account: PlutuAccount,
    private readonly paths: readonly string[],
  ) {}

  /** @throws {PlutuConfigurationError} if both have something that only one may have. */
  checkAgainst(other: PlutuRegistration, endpoints: EndpointDiscovery): void {
    const [name, otherName] = [this.account.name, other.account.name];
    // Express takes `/EU` for `/eu`.
    if (name.toLowerCase() === otherName.toLowerCase()) {
      throw new PlutuConfigurationError(
        'name',
        `PlutuModule is registered more than once for the account "${name}". Import it once, in the root module, or give each account a name.`,
      );
    }
    const path = this.paths.find((one) =>
      other.paths.some(
        (another) => one.toLowerCase() === another.toLowerCase(),
      ),
    );
    if (path !== undefined) {
      throw new PlutuConfigurationError(
        'path',
        `PlutuModule: the accounts "${name}" and "${otherName}" both have the path "${path}", so the callbacks of one would reach the other.`,
      );
    }
    const gateway = this.gatewayTakenByBoth(other, endpoints);
    if (gateway !== undefined && this.sharesKeyWith(other)) {
      throw new PlutuConfigurationError(
        'secretKey',
        `PlutuModule: the accounts "${name}" and "${otherName}" have the same secret key and both take callbacks of ${gateway}, so one callback sent to both would be published twice. Register the account once.`,
      );
    }
  }

  private gatewayTakenByBoth(
    other: PlutuRegistration,
    { all }: EndpointDiscovery,
  ): string | undefined {
    const takenBy = ({ account }: PlutuRegistration): string[] =>
      all
        .filter(
          ({ channel, ...endpoint }) =>
            channel.kind === 'callback' && endpoint.account === account.name,
        )
        .map(({ channel }) => channel.gateway);
    const others = new Set(takenBy(other));
    return takenBy(this).find((gateway) => others.has(gateway));
  }

  private sharesKeyWith(other: PlutuRegistration): boolean {
    const [one, another] = [
      this.account.credentials,
      other.account.credentials,
    ];
    return one !== undefined && another !== undefined
      ? one.sharesSecretKeyWith(another)
      : false;
  }
}
