import type { Check } from "../check.ts";

/** `[notifications] shadow`: easily forgotten after a trial. */
export const shadowMode: Check = {
  name: "shadow mode",
  run({ loaded }) {
    if (!loaded.config.notifications.shadow) return Promise.resolve([]);
    return Promise.resolve([
      {
        level: "warning",
        what: "[notifications] shadow is set",
        why: "nothing is sent to Masakari and nothing is restarted: everything is only recorded",
        fix: "when the trial is over: remove the option, then kill -HUP, or restart the monitors",
      },
    ]);
  },
};
