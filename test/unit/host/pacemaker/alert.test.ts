import assert from "node:assert/strict";
import { test } from "node:test";
import { forwardAlert, registrationCommand } from "../../../../src/host/pacemaker/alert.ts";
import { listenForAlerts } from "../../../../src/host/pacemaker/alert-socket.ts";

/** Not the real one: a host monitor may run on this machine. */
const address = `\0masakari-monitors-test/${process.pid}`;
const lost = { CRM_alert_kind: "node", CRM_alert_node: "node3", CRM_alert_desc: "lost" };

test("an alert reaches the host monitor of this host; of other kinds nothing is sent", async (context) => {
  const end = new AbortController();
  context.after(() => end.abort());
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  listenForAlerts(resolve, reject, end.signal, address);
  assert.match(await forwardAlert({ CRM_alert_kind: "resource", CRM_alert_node: "x" }), /^ignored/);
  assert.match(await forwardAlert({}), /not run by Pacemaker/);
  await forwardAlert({ ...lost, CRM_alert_desc: "lost\u001b[2J" }, address);
  assert.equal(await promise, "node node3: lost\\x1b[2J");
});

test("without a host monitor the alert agent fails at once instead of waiting", async () => {
  await assert.rejects(forwardAlert(lost, address), /ECONNREFUSED/);
});

test("the registration names the agent, and asks for nodes and fencing only", () => {
  const text = registrationCommand("/usr/lib/agent").at(-1) ?? "";
  assert.match(text, /path="\/usr\/lib\/agent".*<select_nodes\/><select_fencing\/>/);
});
