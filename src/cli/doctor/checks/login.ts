import { CLOCK, clockProblem } from "../../../notify/registration.ts";
import { messageOf } from "../../../system/message-of.ts";
import type { Check } from "../check.ts";
import { type Finding, ok } from "../finding.ts";
import { API_LIMIT } from "./limits.ts";

const NOTHING_SENT = "no notification can be sent: a failure is not recovered until this is fixed";

const CORRECT_LOGIN =
  "correct [api], or the user in Keystone (password, its expiry, project, role), then: masakari-monitors doctor";

/** The way of a notification as far as a harmless request can go: login, endpoint, version document, the clock of the response. */
export const login: Check = {
  name: "Masakari API",
  limitMs: API_LIMIT,
  async run(subject, signal) {
    const found: Finding[] = [];
    const opened = await subject.api().catch((error: unknown) => messageOf(error));
    if (typeof opened === "string") return [{ level: "problem", what: opened, why: NOTHING_SENT, fix: CORRECT_LOGIN }];
    const { session, client } = opened;
    const attempt = async (work: () => Promise<string>, fix: string): Promise<boolean> => {
      try {
        found.push(ok(await work()));
        return true;
      } catch (error) {
        found.push({ level: "problem", what: session.redact(messageOf(error)), why: NOTHING_SENT, fix });
        return false;
      }
    };
    const loggedIn = await attempt(async () => {
      await session.login(signal);
      return `logged in: ${session.who}`;
    }, CORRECT_LOGIN);
    if (!loggedIn) return found;
    const isFound = await attempt(async () => {
      const endpoint = await session.endpoint(signal);
      const { version } = await client.version({ signal });
      return `${endpoint} answers, microversion ${version}`;
    }, "correct [api] region, api_interface or service_type, or the catalog: openstack endpoint list --service instance-ha");
    const { clockOffsetMs: offset } = session;
    if (!isFound || offset === undefined) return found;
    const problem = clockProblem(offset);
    if (problem === undefined)
      found.push(ok(`this host's clock agrees with the API's to ${Math.ceil(Math.abs(offset) / 1000)} s`));
    else
      found.push({
        level: "problem",
        what: problem,
        why: CLOCK.consequence,
        fix: "chronyc makestep, or what else sets this host's clock",
      });
    return found;
  },
};
