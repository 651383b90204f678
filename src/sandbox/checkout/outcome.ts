export const OUTCOMES = ['approved', 'incomplete', 'canceled'] as const;

/** How a checkout ends; an `incomplete` one, such as a declined card, may be tried again. */
export type CheckoutOutcome = (typeof OUTCOMES)[number];

/** Why a checkout is incomplete; the callback does not say. */
export type SandboxDeclineReason =
  'declined' | 'insufficient-funds' | 'authentication-failed';
