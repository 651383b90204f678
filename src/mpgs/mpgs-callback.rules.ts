import type { CallbackRules } from '../callbacks/callback-signature.js';

/** The name Plutu gives this gateway, in paths and in `gateway`. */
export const MPGS_GATEWAY = 'mpgs';

/**
 * What makes a signed message an MPGS callback. The account's one secret key
 * signs for all of its gateways, so the signature alone says only that Plutu
 * sent it: a T-Lync return signs `approved` and `invoice_no`, a local-bank-card
 * callback has no `currency`.
 */
export const MPGS_CALLBACK_RULES: CallbackRules = {
  signable: [
    'gateway',
    'approved',
    'canceled',
    'amount',
    'currency',
    'invoice_no',
    'transaction_id',
  ],
  required: ['gateway', 'amount', 'currency', 'invoice_no', 'transaction_id'],
  accepted: { gateway: [MPGS_GATEWAY] },
};
