import type { CallbackChannel } from './callback-channel.js';
import type { RedirectPages } from './redirect-pages.js';
import type { ReturnChannel } from './return-channel.js';

/** What makes a controller's method an endpoint. */
export interface CallbackEndpoint {
  readonly channel: CallbackChannel | ReturnChannel;
  /** The `name` of the account whose callbacks come to it. */
  readonly account: string;
  /** The shop's pages, if browsers are redirected. */
  readonly pages?: RedirectPages | undefined;
}

const ENDPOINT = Symbol('plutu:callback-endpoint');

/** Makes a method a callback endpoint. */
export function setEndpoint(endpoint: CallbackEndpoint): MethodDecorator {
  return (_target, _key, { value }: PropertyDescriptor) => {
    Reflect.defineMetadata(ENDPOINT, endpoint, value);
  };
}

/** @returns `undefined` for a method that is not a callback endpoint. */
export function endpointOf(method: object): CallbackEndpoint | undefined {
  const endpoint: CallbackEndpoint | undefined = Reflect.getMetadata(
    ENDPOINT,
    method,
  );
  return endpoint;
}
