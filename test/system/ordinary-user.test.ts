import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Child, killIfThere } from "../support/child.ts";
import { missingPackages } from "./openstack/packages.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const NOBODY = "65534";

/**
 * The monitor as an ordinary user, with a sudoers file of its own: in a mount namespace, so that the machine's own sudoers
 * stay as they are, and with the checkout where that user may read it.
 */
const enter = `set -e
mount --bind "$1/sudoers.d" /etc/sudoers.d
mount --bind "$2" "$1/checkout"
exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$1/checkout/bin/masakari-processmonitor" --config-file "$1/m.conf"
`;

function script(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}`);
  chmodSync(path, 0o755);
}

test("as an ordinary user: run_as_root goes through sudo -n, and what sudo refuses is logged and notified", {
  skip: process.getuid?.() === 0 ? await missingPackages() : "only root can set up another user's sudo",
}, async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "ordinary-user-"));
  chmodSync(directory, 0o755);
  for (const part of ["sudoers.d", "checkout", "state", "bin"]) mkdirSync(join(directory, part));
  chownSync(join(directory, "state"), Number(NOBODY), Number(NOBODY));
  const allowed = join(directory, "bin", "allowed");
  const pid = join(directory, "pid");
  copyFileSync("/bin/sleep", allowed);
  chmodSync(allowed, 0o755);
  script(
    join(directory, "start-allowed"),
    `id -u >${directory}/started-by\nsetsid ${allowed} 900 >/dev/null 2>&1 </dev/null &\necho $! >${pid}\n`,
  );
  writeFileSync(
    join(directory, "sudoers.d", "masakari"),
    `#${NOBODY} ALL=(root) NOPASSWD: ${directory}/start-allowed\n`,
    {
      mode: 0o440,
    },
  );
  const entry = (name: string): string =>
    `- process_name: ${directory}/bin/${name}
  start_command: ${directory}/start-${name}
  restart_command: ${directory}/start-${name}
  restart_retries: 0
  settle: 0
  run_as_root: True
`;
  writeFileSync(join(directory, "list.yaml"), entry("allowed") + entry("refused"));
  writeFileSync(
    join(directory, "m.conf"),
    `[DEFAULT]
hostname = here
state_path = ${directory}/state
[api]
auth_type = none
endpoint = http://127.0.0.1:9
[process]
process_list_path = ${directory}/list.yaml
check_interval = 1
boot_grace = 0
`,
  );
  const monitor = new Child("/usr/bin/unshare", ["-m", "/bin/sh", "-c", enter, "enter", directory, checkout]);
  context.after(async () => {
    await monitor.stop();
    killIfThere(Number(readFileSync(pid, "utf8")));
    rmSync(directory, { recursive: true, force: true });
  });

  await monitor.line(/sudo will refuse a command when it is needed: \S+bin\/refused: `\S+start-refused` \(/, 60_000);
  await monitor.line(/bin\/allowed \(pid \d+\) is running/, 60_000);
  assert.equal(readFileSync(join(directory, "started-by"), "utf8"), "0\n");
  await monitor.line(/bin\/refused: restart_command .*sudo/, 60_000);
  await monitor.line(/bin\/refused has been down .* notifying Masakari/, 60_000);
  assert.doesNotMatch(monitor.output, /sudo will refuse [^\n]*start-allowed/);
});
