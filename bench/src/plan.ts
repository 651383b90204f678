/** How long the benchmark takes its time. */
export interface Plan {
  readonly rounds: number;
  /** By how much a turn is longer than the shortest that makes sense. */
  readonly size: number;
  /** How many callbacks to remember. */
  readonly remembered: number;
}

export const QUICK: Plan = { rounds: 1, size: 0.2, remembered: 10_000 };
export const FULL: Plan = { rounds: 9, size: 1, remembered: 100_000 };
