import type { SandboxDelivery } from './checkout/transaction.js';

/** Something that a developer wants to see in the terminal. Holds no key. */
export type SandboxEvent = { readonly at: string } & (
  | {
      readonly type: 'checkout-opened';
      readonly invoiceNo: string;
      readonly amount: string;
      readonly redirectUrl: string;
    }
  | {
      readonly type: 'request-refused';
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly code: string;
      readonly message: string;
    }
  | ({
      readonly type: 'callback-delivered';
      readonly invoiceNo: string;
      readonly outcome: string;
      readonly kind: SandboxDelivery['kind'];
      /** What was called, without its query. */
      readonly target: string;
    } & Pick<SandboxDelivery, 'status' | 'error' | 'durationMs'>)
  | { readonly type: 'state-not-saved'; readonly message: string }
);

/** An event in one line. */
export function describeEvent(event: SandboxEvent): string {
  switch (event.type) {
    case 'checkout-opened':
      return `${event.invoiceNo} open, ${event.amount}: ${event.redirectUrl}`;
    case 'request-refused':
      return `refused ${event.method} ${event.path}: ${event.status} ${event.code}: ${event.message}`;
    case 'callback-delivered':
      return `${event.invoiceNo} ${event.outcome}, ${event.kind === 'callback' ? '' : `${event.kind} `}callback to ${event.target}: ${event.status ?? event.error}`;
    default:
      return `the state could not be saved: ${event.message}`;
  }
}
