import type { SectionTable } from "../option.ts";

const reason = "no privilege helper runs here; run_as_root uses sudo";

/** oslo.privsep's options; the section name is upstream's (masakarimonitors/privsep.py). */
export const privsepTable = {
  help: "The Python monitors' privilege helper.",
  options: {
    user: { type: "string", noEffect: reason, help: "User of the privilege helper." },
    group: { type: "string", noEffect: reason, help: "Group of the privilege helper." },
    capabilities: { type: "list", default: [], noEffect: reason, help: "Linux capabilities of the privilege helper." },
    thread_pool_size: { type: "int", noEffect: reason, help: "Threads of the privilege helper." },
    helper_command: { type: "string", noEffect: reason, help: "Command that starts the privilege helper." },
    logger_name: { type: "string", noEffect: reason, help: "Logger of the privilege helper." },
  },
} as const satisfies SectionTable;
