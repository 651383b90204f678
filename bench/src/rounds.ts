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
 * Lets floor and ours take turns and compares them round by round.
 */
export async function compare(
  sides: Sides,
  { rounds, warmUp = 1 }: { rounds: number; warmUp?: number },
): Promise<Comparison> {
  const turns = await takeTurns(
    ['floor', 'ours'],
    async (side) => sides[side](),
    { rounds, warmUp },
  );
  const ratios = turns.map((turn) => rate(turn.ours) / rate(turn.floor));
  return {
    floor: median(turns.map((turn) => rate(turn.floor))),
    ours: median(turns.map((turn) => rate(turn.ours))),
    ratio: median(ratios),
    spread: spreadOf(ratios),
    cpuRatio: median(
      turns.map((turn) => cpuRate(turn.ours) / cpuRate(turn.floor)),
    ),
    busy: {
      floor: median(turns.map((turn) => busy(turn.floor))),
      ours: median(turns.map((turn) => busy(turn.ours))),
    },
  };
}

/**
 * Lets contestants take turns, so that whatever else the machine does happens
 * to all of them.
 *
 * @returns their turns, round by round, without those of the warm-up.
 */
export async function takeTurns<Name extends string>(
  names: readonly Name[],
  turn: (name: Name) => Promise<Turn>,
  { rounds, warmUp }: { rounds: number; warmUp: number },
): Promise<Record<Name, Turn>[]> {
  const all: Record<Name, Turn>[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    // None of them is always the one that comes first.
    const first = round % names.length;
    const turns = {} as Record<Name, Turn>;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      turns[name] = await turn(name);
    }
    if (round >= warmUp) all.push(turns);
  }
  return all;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The quartiles around the median. */
export function spreadOf(
  values: readonly number[],
): readonly [low: number, high: number] {
  return [quantile(values, 0.25), quantile(values, 0.75)];
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
