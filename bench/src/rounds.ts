/** What one turn of a measurement took. */
export interface Turn {
  readonly operations: number;
  readonly seconds: number;
  /** The CPU time of the process that is measured. */
  readonly cpuSeconds: number;
}

/** The two sides of a comparison, each doing one turn when it is called. */
export interface Sides {
  readonly floor: () => Turn | Promise<Turn>;
  readonly ours: () => Turn | Promise<Turn>;
}

export interface Comparison {
  /** Operations per second, the median of the rounds. */
  readonly floor: number;
  readonly ours: number;
  /** Ours through the floor's, the median of the rounds' own ratios. */
  readonly ratio: number;
  /** The quartiles around that median. */
  readonly spread: readonly [low: number, high: number];
  /** The same by CPU time. */
  readonly cpuRatio: number;
  /** How much of its wall-clock time the measured process was computing. */
  readonly busy: { readonly floor: number; readonly ours: number };
}

/**
 * Lets floor and ours take turns, so that whatever else the machine does
 * happens to both, and compares them round by round.
 */
export async function compare(
  { floor, ours }: Sides,
  { rounds, warmUp = 1 }: { rounds: number; warmUp?: number },
): Promise<Comparison> {
  const turns: { floor: Turn; ours: Turn }[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    // Neither is always the one that comes second.
    const first = round % 2 === 0 ? await floor() : undefined;
    const second = await ours();
    const turn = { floor: first ?? (await floor()), ours: second };
    if (round >= 0) turns.push(turn);
  }
  const ratios = turns.map((turn) => rate(turn.ours) / rate(turn.floor));
  return {
    floor: median(turns.map((turn) => rate(turn.floor))),
    ours: median(turns.map((turn) => rate(turn.ours))),
    ratio: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    cpuRatio: median(
      turns.map((turn) => cpuRate(turn.ours) / cpuRate(turn.floor)),
    ),
    busy: {
      floor: median(turns.map((turn) => busy(turn.floor))),
      ours: median(turns.map((turn) => busy(turn.ours))),
    },
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (sorted.length - 1) * part;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

function rate({ operations, seconds }: Turn): number {
  return operations / seconds;
}

function cpuRate({ operations, cpuSeconds }: Turn): number {
  return operations / cpuSeconds;
}

function busy({ cpuSeconds, seconds }: Turn): number {
  return cpuSeconds / seconds;
}
