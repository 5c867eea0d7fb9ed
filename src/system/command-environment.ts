/** Of openrc files (`OS_PASSWORD`, `OS_TOKEN`, `OS_PASSCODE` …), of `OS_API__PASSWORD`, and of whatever else a service is given. */
const SECRET_NAME = /PASSWORD|PASSWD|PASSCODE|PASSPHRASE|SECRET|TOKEN/i;

/** Set by `bin/launch`, to save memory in this process. */
const OWN_NAMES = ["MALLOC_ARENA_MAX", "MALLOC_TOP_PAD_"];

/**
 * The environment of the commands that we start: ours without what is secret by its name, and without URLs and proxies
 * that name a user. A service that a command starts would keep them in /proc/PID/environ for as long as it runs.
 */
export function commandEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value = ""]) => !OWN_NAMES.includes(name) && !SECRET_NAME.test(name) && !hasUser(name, value),
    ),
  );
}

/** Where a system's programs are: also for a user, or a unit, whose PATH has no /usr/sbin. */
export function systemPath({ PATH = "" }: NodeJS.ProcessEnv): string {
  return `${PATH}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
}

/** `scheme://user:password@host`, or curl's `user:password@host` in `http_proxy` and the like. */
function hasUser(name: string, value: string): boolean {
  const from = /_proxy$/i.test(name) ? 0 : value.indexOf("://");
  return from >= 0 && value.includes("@", from);
}
