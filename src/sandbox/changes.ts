/** Tells whoever wants to know that something in the sandbox has changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** @param closing ends every {@link until}. */
  constructor(private readonly closing: AbortSignal) {}

  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** @returns what ends the listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves to what `find` finds, now or after a later change; to `undefined`
   * when the time is up or the sandbox closes.
   */
  until<T>(
    find: () => T | undefined,
    timeoutMs: number,
  ): Promise<T | undefined> {
    return new Promise((resolve) => {
      const settle = (value: T | undefined) => {
        clearTimeout(timer);
        stopListening();
        this.closing.removeEventListener('abort', giveUp);
        resolve(value);
      };
      const giveUp = () => settle(undefined);
      const look = () => {
        const found = find();
        if (found !== undefined) settle(found);
      };
      const timer = setTimeout(giveUp, timeoutMs);
      const stopListening = this.listen(look);
      this.closing.addEventListener('abort', giveUp);
      look();
    });
  }
}
