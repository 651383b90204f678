import { LRUCache } from 'lru-cache';

/** How much a {@link boundedMemory} keeps. */
export interface MemoryBounds {
  /** How many entries: beyond that the oldest is dropped. */
  readonly max: number;
  /** For how long, in milliseconds. */
  readonly ttl: number;
}

/**
 * A cache that takes memory as it fills up. With `max` it would take the memory of
 * all entries at once, and tens of milliseconds of the application's start.
 */
export function boundedMemory<V extends {}>({
  max,
  ttl,
}: MemoryBounds): LRUCache<string, V> {
  return new LRUCache({ maxSize: max, sizeCalculation: () => 1, ttl });
}
