import type { Pair } from '../../protocol/pairs.js';
import type { CheckoutOutcome } from '../checkout/outcome.js';

/** As in production, a card gateway sends both flags, whatever the outcome. */
export function bothFlags(outcome: CheckoutOutcome): Pair[] {
  return [
    ['approved', outcome === 'approved' ? '1' : '0'],
    ['canceled', outcome === 'canceled' ? '1' : '0'],
  ];
}
