import type { Subject } from "../subject.ts";

/** A check may need a login, the endpoint and some requests more, each with the time-out of `[api]`. */
export function API_LIMIT({ loaded }: Subject): number {
  return ((loaded.config.api.timeout || 30) * 2 + 10) * 1000;
}

/** ms. The look at the cluster ends before. */
export const CLUSTER_LIMIT = (): number => 45_000;
