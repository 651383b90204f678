/**
 * Collects the calls of one turn of the event loop, so that they share a round trip.
 *
 * @param run gets the items in the order of the calls, and returns their results in
 *   the same order. If it rejects, every call of that turn does.
 */
export function batched<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let open: { items: Item[]; results: Promise<readonly Result[]> } | undefined;

  function openBatch() {
    const items: Item[] = [];
    const results = new Promise<void>((resolve) => {
      setImmediate(resolve);
    }).then(() => {
      open = undefined;
      return run(items);
    });
    return { items, results };
  }

  return async (item) => {
    open ??= openBatch();
    const place = open.items.push(item) - 1;
    const result = (await open.results)[place];
    if (result === undefined) throw new Error('A call has no result.');
    return result;
  };
}
