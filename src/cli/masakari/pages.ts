import type { CallOptions, ListQuery } from "../../openstack/masakari.ts";

/** A page that is shorter is taken for the last: masakari-api's own limit, osapi_max_limit, is 1000 unless configured. */
const SHORTEST_FULL_PAGE = 100;
/** A million objects of a usual page. Whatever else an API does, the command ends. */
const MOST_PAGES = 1000;

/** All objects of a list, over as many pages as it takes; the next page is fetched when it is needed. */
export async function* everyOne<T extends { readonly id: number }>(
  list: (query: ListQuery, call: CallOptions) => Promise<readonly T[]>,
  call: CallOptions,
): AsyncGenerator<T, void> {
  let marker: number | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const objects = await list({ marker }, call);
    yield* objects;
    const last = objects.at(-1)?.id;
    if (last === undefined || last === marker || objects.length < SHORTEST_FULL_PAGE) return;
    marker = last;
  }
}

export async function collected<T>(objects: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const object of objects) all.push(object);
  return all;
}
