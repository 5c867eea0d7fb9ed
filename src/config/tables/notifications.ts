import type { SectionTable } from "../option.ts";

export const notificationsTable = {
  help: "The outbox that every monitor's notifications go through.",
  options: {
    max_in_flight: {
      type: "int",
      default: 8,
      min: 1,
      max: 1000,
      ours: true,
      help: "Notifications that may be on their way to Masakari at the same time. Order is kept for each subject.",
    },
    expiry: {
      type: "int",
      default: 86_400,
      min: 1,
      ours: true,
      help: "Seconds after which an undelivered notification is given up. Masakari's engine gives up after the same time.",
    },
    retry_backoff_max: {
      type: "int",
      default: 30,
      min: 1,
      ours: true,
      help: "The longest pause, in seconds, between two attempts once the fixed retries are used up.",
    },
  },
} as const satisfies SectionTable;
