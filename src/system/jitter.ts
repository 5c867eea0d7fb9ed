/** Up to this share of a wait is taken off. */
const SHARE = 0.2;

/** A wait that is a little shorter each time, so that a fleet does not call in step. ms @param random in [0, 1) */
export const withJitter = (ms: number, random: () => number): number => ms * (1 - SHARE * random());
