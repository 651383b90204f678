/** The name of the group in which a promise is fulfilled first. */
export async function firstOf(
  groups: Readonly<Record<string, readonly Promise<unknown>[]>>,
): Promise<string> {
  return Promise.race(
    Object.entries(groups).flatMap(([name, promises]) =>
      promises.map(async (one) => {
        await one;
        return name;
      }),
    ),
  );
}
