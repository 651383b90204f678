import { createSecretKey, type KeyObject } from 'node:crypto';
import { PlutuConfigurationError } from '../plutu.errors.js';
import { PLUTU_ENVIRONMENT, type PlutuKeys } from '../plutu.options.js';

/**
 * The keys of one account at Plutu, checked. They are private to it: they show
 * neither when it is inspected nor when it is serialized.
 */
export class PlutuCredentials {
  readonly #apiKey: string;
  readonly #accessToken: string;
  readonly #secretKeys: readonly KeyObject[];
  readonly #secrets: readonly string[];

  /** @throws {PlutuConfigurationError} for a key that cannot work. */
  constructor(keys: Partial<PlutuKeys>) {
    this.#apiKey = credential(keys.apiKey, 'apiKey');
    this.#accessToken = credential(keys.accessToken, 'accessToken');
    const secretKeys = secretKeysOf(keys.secretKey);
    this.#secretKeys = secretKeys.map((key) => createSecretKey(key, 'utf8'));
    this.#secrets = [this.#apiKey, this.#accessToken, ...secretKeys]
      // A key that another one begins with must not break it in two.
      .toSorted((one, other) => other.length - one.length);
  }

  /** The keys that may have signed a callback. */
  secretKeys(): readonly KeyObject[] {
    return this.#secretKeys;
  }

  /** The headers that Plutu knows the account by. Keep them out of any log. */
  authenticationHeaders(): Record<string, string> {
    return {
      Authorization: `Bearer ${this.#accessToken}`,
      'X-API-KEY': this.#apiKey,
    };
  }

  /** Whether one could sign for the other. */
  sharesSecretKeyWith(other: PlutuCredentials): boolean {
    return this.#secretKeys.some((key) =>
      other.#secretKeys.some((another) => key.equals(another)),
    );
  }

  /**
   * Takes the account's credentials out of text that came from outside. Where
   * one is in it in another spelling, nothing of the text is left.
   */
  redact(text: string): string {
    const safe = this.#secrets
      .flatMap((secret) => [secret, encodeURIComponent(secret)])
      .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
    const plain = withoutEscapes(safe);
    const isSafe = !this.#secrets.some((secret) => plain.includes(secret));
    return isSafe ? safe : REDACTED;
  }
}

const REDACTED = '[redacted]';

/** What URLs, HTML and JSON make of some characters, undone. */
function withoutEscapes(text: string): string {
  return text
    .replace(
      /%([0-9a-f]{2})|&#x([0-9a-f]{1,6});|\\u([0-9a-f]{4})/gi,
      (...hex) =>
        String.fromCharCode(Number.parseInt(hex[1] ?? hex[2] ?? hex[3], 16)),
    )
    .replace(/&#(\d{1,7});/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(
      /&(amp|lt|gt|quot|apos);/g,
      (entity, name: string) => HTML_ENTITIES[name] ?? entity,
    )
    .replace(/\\(.)/g, '$1');
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function secretKeysOf(value: PlutuKeys['secretKey'] | undefined): string[] {
  const keys = [value ?? ''].flat();
  if (keys.some(isBlank) && !keys.every(isBlank)) {
    return fail(
      'secretKey',
      `lists a blank key: look for a comma too many in ${PLUTU_ENVIRONMENT.secretKey}`,
    );
  }
  // None at all is one that is missing.
  return (keys.length === 0 ? [''] : keys).map((key) =>
    credential(key, 'secretKey'),
  );
}

function isBlank(key: unknown): boolean {
  return typeof key === 'string' && key.trim() === '';
}

function credential(value: unknown, option: keyof PlutuKeys): string {
  if (value !== undefined && value !== null && typeof value !== 'string') {
    return fail(
      option,
      `must be text: look at how ${PLUTU_ENVIRONMENT[option]} is set`,
    );
  }
  if (typeof value !== 'string' || isBlank(value)) {
    return fail(
      option,
      `is missing: set it to the one in your Plutu account, customarily from the environment variable ${PLUTU_ENVIRONMENT[option]}`,
    );
  }
  // A line break, say from a file, breaks the header and changes the signature.
  if (!/^[\x21-\x7e]+$/.test(value)) {
    return fail(
      option,
      `has a space, a line break or another character that no key of Plutu has: look at how ${PLUTU_ENVIRONMENT[option]} is set`,
    );
  }
  return value;
}

function fail(option: keyof PlutuKeys, problem: string): never {
  throw new PlutuConfigurationError(
    option,
    `PlutuModule: the option "${option}" ${problem}.`,
  );
}
