/** What the checkout page offers to pay with, in this order. */
export const TEST_CARDS = [
  'approved',
  'declined',
  'insufficient-funds',
  '3-d-secure',
  'slow',
  'abandoned',
] as const;

export type TestCard = (typeof TEST_CARDS)[number];

export function isTestCard(value: unknown): value is TestCard {
  return TEST_CARDS.some((card) => card === value);
}
