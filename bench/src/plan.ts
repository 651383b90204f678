/** How long the benchmark takes its time. */
export interface Plan {
  readonly rounds: number;
  /** By how much a turn is longer than the shortest that makes sense. */
  readonly size: number;
}

export const QUICK: Plan = { rounds: 3, size: 0.5 };
export const FULL: Plan = { rounds: 12, size: 1 };
