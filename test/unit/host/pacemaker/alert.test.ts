import assert from "node:assert/strict";
import { test } from "node:test";
import { forwardAlert, registrationCommand } from "../../../../src/host/pacemaker/alert.ts";
import { listenForAlerts } from "../../../../src/host/pacemaker/alert-socket.ts";
import { childrenOf, parseDocument } from "../../../../src/host/pacemaker/xml.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

/** Not the real one: a host monitor may run on this machine. */
const address = `\0masakari-monitors-test/${process.pid}`;
const lost = { CRM_alert_kind: "node", CRM_alert_node: "node3", CRM_alert_desc: "lost" };

test("an alert reaches the host monitor of this host; of other kinds nothing is sent", async (context) => {
  const end = new AbortController();
  context.after(() => end.abort());
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const listening = listenForAlerts(
    { clock: new VirtualClock(), onAlert: resolve, onProblem: reject },
    end.signal,
    address,
  );
  assert.match(await forwardAlert({ CRM_alert_kind: "resource", CRM_alert_node: "x" }), /^ignored/);
  assert.match(await forwardAlert({}), /not run by Pacemaker/);
  await forwardAlert({ ...lost, CRM_alert_desc: "lost\u001b[2J" }, address);
  assert.equal(await promise, "node node3: lost\\x1b[2J");
  end.abort();
  await listening;
});

test("alerts are received by the monitor that replaces another, once that has ended", async (context) => {
  const clock = new VirtualClock();
  const [earlier, later] = [new AbortController(), new AbortController()];
  context.after(() => [earlier, later].map((end) => end.abort()));
  const first = listenForAlerts({ clock, onAlert: () => undefined, onProblem: assert.fail }, earlier.signal, address);
  const problem = Promise.withResolvers<string>();
  const alert = Promise.withResolvers<string>();
  const second = listenForAlerts({ clock, onAlert: alert.resolve, onProblem: problem.resolve }, later.signal, address);
  assert.match(await problem.promise, /EADDRINUSE/);
  earlier.abort();
  await first;
  await clock.advance(10_000);
  await forwardAlert(lost, address);
  assert.equal(await alert.promise, "node node3: lost");
  later.abort();
  await second;
});

test("without a host monitor the alert agent fails at once instead of waiting", async () => {
  await assert.rejects(forwardAlert(lost, address), /ECONNREFUSED/);
});

test("the registration names the agent, and asks for nodes and fencing only", () => {
  const text = registrationCommand("/usr/lib/agent").at(-1) ?? "";
  assert.match(text, /path="\/usr\/lib\/agent".*<select_nodes\/><select_fencing\/>/);
});

test("a path with characters of XML's own stays one attribute", () => {
  const text = registrationCommand('/opt/a & "b" <c>/agent').at(-1) ?? "";
  assert.equal(alertPath(text), '/opt/a & "b" <c>/agent');
});

/** The path of the alert in the document, as an XML parser reads it. */
function alertPath(text: string): string | undefined {
  const [alert] = childrenOf(parseDocument(text), "alert");
  return alert?.attributes.path;
}
