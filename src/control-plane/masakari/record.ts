/** Columns that every table of the API has. Times are the API's text. */
export interface Stamps {
  readonly created_at: string;
  readonly updated_at: string | null;
  readonly deleted_at: string | null;
}

/** How the API shows them, always at the end. */
export function stamps({ created_at, updated_at, deleted_at }: Stamps) {
  return { created_at, updated_at, deleted_at, deleted: deleted_at !== null };
}

/** The most rows of one list; oslo's `osapi_max_limit`. */
export const listLimit = 1000;

/** Whether an update changes anything: if not, `updated_at` stays as it is. */
export function differs<Fields extends object>(changes: Partial<Fields>, current: Fields): boolean {
  return Object.entries(changes).some(([name, value]) => current[name as keyof Fields] !== value);
}
