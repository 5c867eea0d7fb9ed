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
    shadow: {
      type: "bool",
      default: false,
      ours: true,
      help: "Whether to send nothing: everything is observed, decided and recorded, and no command of the process list is run. For trials beside other monitors, whose notifications `masakari-monitors compare` puts beside these.",
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
