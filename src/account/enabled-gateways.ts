/** The limits on a gateway's one-time passwords. Times in milliseconds. */
export interface OtpLimits {
  /** How long a code can be confirmed. */
  readonly tokenLifetime: number;
  /** How many codes of one attempt may be refused. */
  readonly maxRefusals: number;
  /** How many codes may be sent to one mobile number in an hour. */
  readonly maxCodes: number;
}

/** What the folders below `gateways/` need to know about a gateway of a registration. */
export interface EnabledGateway {
  /** Plutu's name for it, such as `mpgs`. */
  readonly name: string;
  /** The currencies that it takes, as ISO 4217 codes. */
  readonly currencies: readonly string[];
  /** Set if it is paid with a one-time password. Then it has no checkout. */
  readonly otp?: OtpLimits | undefined;
  /** The path of the module's own callback route, if it has one. */
  readonly callbackPath?: string | undefined;
  /**
   * Whether Plutu posts the callback to a URL of its own, and the customer's
   * browser comes back to another.
   */
  readonly hasReturn?: boolean | undefined;
  /** The path of the module's own route for that browser, if it has one. */
  readonly returnPath?: string | undefined;
}

/** The gateways of a registration. */
export class EnabledGateways {
  private readonly byName: ReadonlyMap<string, EnabledGateway>;

  constructor(gateways: readonly EnabledGateway[]) {
    this.byName = new Map(gateways.map((gateway) => [gateway.name, gateway]));
  }

  get names(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** The names of those that host a checkout. */
  get hosted(): readonly string[] {
    return [...this.byName.values()].flatMap(({ name, otp }) =>
      otp ? [] : [name],
    );
  }

  /** Whether any is paid with a one-time password. */
  get haveOtp(): boolean {
    return [...this.byName.values()].some(({ otp }) => otp !== undefined);
  }

  /** @throws {TypeError} for a gateway that is not paid with one-time passwords. */
  otpLimitsOf(name: string): OtpLimits {
    const limits = this.find(name)?.otp;
    if (!limits) {
      throw new TypeError(
        `The option "gateways" does not list ${name} as a gateway with one-time passwords.`,
      );
    }
    return limits;
  }

  /** @returns `undefined` if the registration does not have it. */
  find(name: string): EnabledGateway | undefined {
    return this.byName.get(name);
  }
}
