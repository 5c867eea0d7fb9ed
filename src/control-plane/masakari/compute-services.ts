/** What masakari-api asks Nova: whether a nova-compute service runs on a host of exactly this name. */
export type ComputeServiceExists = (hostname: string) => boolean;

/** There is no Nova behind the embedded control plane: every compute host is taken to exist. */
export const everyComputeServiceExists: ComputeServiceExists = () => true;
