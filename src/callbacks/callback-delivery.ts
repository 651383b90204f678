/**
 * A verified callback on its way to the application. Plain data, so that a
 * queue can carry it to another process.
 */
export interface DeliverableCallback {
  readonly gateway: string;
  readonly transactionId: string;
  readonly outcome: string;
}

/** What became of an accepted callback. */
export interface CallbackReceipt {
  /** Whether an earlier arrival had brought the same news. */
  readonly duplicate: boolean;
}

/**
 * Hands a callback to the application's event handlers.
 *
 * @throws whatever a handler threw: the callback is then not published.
 */
export type CallbackPublisher<C extends DeliverableCallback> = (
  callback: C,
) => Promise<void>;

/**
 * Sees to it that each callback is published once, however often it arrives.
 *
 * The contract: callbacks with the same {@link deliveryKey} are the same news.
 * `accept` resolves when the callback will not be lost any more, and rejects
 * when that cannot be said; the next arrival is then new again. Two arrivals at
 * the same moment count as one and share its end.
 */
export interface CallbackDelivery<C extends DeliverableCallback> {
  accept(callback: C): Promise<CallbackReceipt>;
}

/**
 * What makes two callbacks the same news. An approved callback after an
 * incomplete one of the same transaction is news.
 */
export function deliveryKey(callback: DeliverableCallback): string {
  return `${callback.gateway}/${callback.transactionId}/${callback.outcome}`;
}
