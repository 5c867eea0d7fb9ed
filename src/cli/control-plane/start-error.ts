/** What keeps a control plane from starting, or a backup from being made; the message is for the operator. */
export class StartError extends Error {}
