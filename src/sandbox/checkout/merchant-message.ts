import { encodeAsPhp, type Pair } from '../../protocol/pairs.js';
import { SIGNATURE_PARAMETER, signCallback } from '../../protocol/signature.js';
import type {
  MerchantChannel,
  MerchantUrls,
  PaymentFacts,
} from '../gateways/hosted-gateway.js';

/** One HTTP message to the merchant. */
export interface SandboxMessage {
  /** The HTTP method. */
  readonly method: 'GET' | 'POST';
  /** Where it goes, absolute; with GET, the parameters are in its query. */
  readonly url: string;
  /** JSON, with POST. */
  readonly body?: string | undefined;
}

/** The parameters of a message with their signature behind them. */
export function signed(pairs: readonly Pair[], secretKey: string): Pair[] {
  return [...pairs, [SIGNATURE_PARAMETER, signCallback(pairs, secretKey)]];
}

/** Puts parameters into a message, behind a query that its URL has already. */
export function spell(
  { method, url: urlOf }: MerchantChannel,
  pairs: readonly Pair[],
  urls: MerchantUrls,
): SandboxMessage {
  if (method === 'POST') {
    const body = JSON.stringify(Object.fromEntries(pairs));
    return { method, url: urlOf(urls), body };
  }
  const url = new URL(urlOf(urls));
  const ownQuery = url.search === '' ? '' : `${url.search}&`;
  url.search = ownQuery + encodeAsPhp(pairs);
  return { method, url: url.href };
}

/** What Plutu says of a payment over a channel. */
export function signedMessage(
  channel: MerchantChannel,
  facts: PaymentFacts,
  urls: MerchantUrls,
  secretKey: string,
): SandboxMessage {
  return spell(channel, signed(channel.parameters(facts), secretKey), urls);
}

/** The same message with another amount, which its signature does not cover. */
export function tamper(message: SandboxMessage): SandboxMessage {
  const { url, body } = message;
  return body === undefined
    ? // The last one: the merchant's own query stands in front.
      {
        ...message,
        url: changeAmount(url, /(?<=[?&]amount=)[^&]*(?!.*&amount=)/),
      }
    : { ...message, body: changeAmount(body, /(?<="amount":")[^"]*/) };
}

function changeAmount(text: string, pattern: RegExp): string {
  return text.replace(pattern, (amount) =>
    amount === '0.01' ? '0.02' : '0.01',
  );
}
