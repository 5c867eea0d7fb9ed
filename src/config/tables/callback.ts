import type { SectionTable } from "../option.ts";

export const callbackTable = {
  help: "Delivery of the instance monitors' notifications.",
  options: {
    retry_max: {
      type: "int",
      default: 12,
      min: 0,
      help: "Attempts at the fixed retry_interval after the first one has failed. Later attempts back off; a notification is given up only when it expires or is no longer true.",
    },
    retry_interval: { type: "int", default: 10, min: 0, help: "Seconds between two of these attempts." },
  },
} as const satisfies SectionTable;
