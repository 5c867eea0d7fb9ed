import type { ListQuery } from "../../openstack/masakari.ts";
import { CommandError } from "./command-context.ts";

/** openstackclient's options of a list. */
export interface ListOptions {
  readonly limit?: number;
  readonly marker?: string;
  readonly sort?: string;
  readonly filters?: readonly string[];
}

/**
 * The query of a list.
 * @param filters names of the filters that there are, and what the API calls those that it has another name for
 * @throws CommandError: masakari-api ignores what it does not know, and would list everything
 */
export function listQuery(options: ListOptions, filters: Readonly<Record<string, string>>): ListQuery {
  const { limit, marker } = options;
  return { ...sorting(options.sort), ...filtering(options.filters ?? [], filters), limit, marker };
}

/** masakari-api takes the integer id that `--json` shows; whoever has only the name or the UUID may give that. */
export async function integerMarker(
  { marker }: ListOptions,
  idOf: (marker: string) => Promise<number>,
): Promise<number | string | undefined> {
  return marker === undefined || /^\d+$/.test(marker) ? marker : await idOf(marker);
}

function sorting(sort: string | undefined): ListQuery {
  if (sort === undefined) return {};
  const parts = sort.split(",").map((part) => {
    const [key = "", direction = "desc"] = part.split(/:(.*)/s);
    if (key === "") throw new CommandError(`--sort ${sort} names no key: give KEY, KEY:asc or KEY:desc`);
    if (direction !== "asc" && direction !== "desc") {
      throw new CommandError(`unknown sort direction ${direction}: give ${key}:asc or ${key}:desc`);
    }
    return { key, direction };
  });
  return { sort_key: parts.map(({ key }) => key), sort_dir: parts.map(({ direction }) => direction) };
}

function filtering(given: readonly string[], filters: Readonly<Record<string, string>>): ListQuery {
  const [first = ""] = given;
  const parts = given.length === 1 ? first.split(";") : given;
  const query: Record<string, string> = {};
  for (const part of parts) {
    const [name = "", value] = part.split(/=(.*)/s);
    if (value === undefined) throw new CommandError(`malformed filter ${part}: give KEY=VALUE`);
    const member = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (member === undefined) {
      throw new CommandError(`there is no filter ${name}; there are ${Object.keys(filters).join(", ")}`);
    }
    if (Object.hasOwn(query, member))
      throw new CommandError(`the filter ${name} is given twice: Masakari takes one value`);
    query[member] = value;
  }
  return query;
}
