import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { DriverConfig } from "../../../../src/host/driver.ts";
import { Looker } from "../../../../src/host/pacemaker/look.ts";
import { PacketListener } from "../../../../src/host/pacemaker/packets.ts";
import { Tools } from "../../../../src/host/pacemaker/tools.ts";
import type { Clock, Instant, Timer } from "../../../../src/system/clock.ts";
import { systemClock } from "../../../../src/system/system-clock.ts";
import { capturePath } from "./captures.ts";

const HEALTHY = capturePath("pacemaker-2.1.5/13-heartbeat-healthy/node1");
const LOST = capturePath("pacemaker-2.1.5/02b-sigkill-node3/node1.crm_mon-X.xml");
const SETTLED = "echo 'Controller on node1 in state S_NOT_DC: ok'";
const IN_TIME = 60_000;
/** The three members, without the third. */
const TWO = `grep -v ' node3$' ${HEALTHY}.corosync-quorumtool.out`;

/**
 * Its time passes as the test has it: how long a look takes on a busy machine is no part of what it decides. A short wait is real, and a
 * limit is no shorter than a minute.
 */
class TestTime implements Clock {
  readonly #begun = systemClock.now();
  #passed = 0;

  now(): Instant {
    return { wall: this.#begun.wall + this.#passed, mono: this.#begun.mono + this.#passed };
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return systemClock.setTimer(delayMs < 1000 ? delayMs : Math.max(delayMs, IN_TIME), callback);
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }

  pass(ms: number): void {
    this.#passed += ms;
  }
}

/** A member whose tools are scripts that print what the real ones have printed, and write when they begin and end. */
class Member {
  readonly folder = mkdtempSync(join(tmpdir(), "masakari-look-"));
  readonly looker: Looker;
  readonly time = new TestTime();
  /** How often a look was asked for, because a controller answered late that it is not settled. */
  lateAnswers = 0;

  constructor(context: TestContext, hostname = "node1") {
    const path = process.env.PATH;
    context.after(() => {
      process.env.PATH = path;
      rmSync(this.folder, { recursive: true });
    });
    process.env.PATH = `${this.folder}:${path}`;
    this.tool("crm_mon", `cat ${HEALTHY}.crm_mon-X.xml`);
    this.tool("crmadmin", SETTLED);
    for (const [tool, output] of [
      ["corosync-quorumtool", "corosync-quorumtool"],
      ["corosync-cfgtool", "corosync-cfgtool--s"],
      ["corosync-cmapctl", "corosync-cmapctl-runtime.members"],
    ]) {
      this.tool(`${tool}`, `cat ${HEALTHY}.${output}.out`);
    }
    const config = () => ({ host: { pacemaker_node_type: "autodetect" } }) as DriverConfig;
    const parts = { clock: this.time, hostname, config };
    const none = { corosync_multicast_interfaces: [], corosync_multicast_ports: [], tcpdump_timeout: 1 };
    const packets = new PacketListener(parts, () => none);
    const onLate = (): void => {
      this.lateAnswers += 1;
    };
    this.looker = new Looker({ ...parts, tools: new Tools(parts), packets, onLate });
  }

  tool(name: string, script: string): void {
    const path = join(this.folder, name);
    const log = join(this.folder, "log");
    writeFileSync(path, `#!/bin/sh\necho ${name} begins >>${log}\n${script}\necho ${name} ends >>${log}\n`);
    chmodSync(path, 0o755);
  }

  async look() {
    writeFileSync(join(this.folder, "log"), "");
    return await this.looker.look(AbortSignal.timeout(IN_TIME));
  }

  /** What began and ended at the latest look, in order. */
  get log(): readonly string[] {
    return readFileSync(join(this.folder, "log"), "utf8").trim().split("\n");
  }

  /** A line of shell that waits until the log has this line. */
  until(line: string): string {
    return `while ! grep -qx '${line}' ${join(this.folder, "log")}; do sleep 0.01; done`;
  }
}

const stateOf = ({ hosts }: Awaited<ReturnType<Member["look"]>>, name: string) =>
  hosts.find((host) => host.name === name)?.state;

test("the controller, and how often members joined, are asked beside crm_mon; quorum and the members after it", async (context) => {
  const member = new Member(context);
  assert.equal((await member.look()).self.stable, "yes");
  const beside = ["crmadmin ends", "corosync-cmapctl ends"];
  member.tool("crm_mon", `${beside.map((line) => member.until(line)).join("\n")}\ncat ${LOST}`);
  member.tool("corosync-quorumtool", TWO);
  const look = await member.look();
  assert.deepEqual([look.self.stable, look.quorum, look.heartbeat], ["yes", "yes", "heard"]);
  assert.equal(stateOf(look, "node3"), "offline");
  const { log } = member;
  assert.ok(log.indexOf("corosync-quorumtool begins") > log.indexOf("crm_mon ends"), log.join("\n"));
  assert.ok(log.indexOf("corosync-cfgtool begins") > log.indexOf("crm_mon ends"), log.join("\n"));
  assert.equal(log.filter((line) => line === "crmadmin begins").length, 1);
});

test("quorum that is lost while crm_mon runs is believed", async (context) => {
  const member = new Member(context);
  await member.look();
  const lost = `echo 'sed s/^Quorate:.*/Quorate:No/ ${HEALTHY}.corosync-quorumtool.out; exit 2' >${member.folder}/quorum`;
  member.tool("corosync-quorumtool", `. ${member.folder}/quorum`);
  member.tool("crm_mon", `cat ${LOST}\n${lost}`);
  const look = await member.look();
  assert.equal(look.quorum, "no");
  assert.equal(stateOf(look, "node3"), "unknown");
});

test("a host that Corosync still has as a member is not lost, although it has not been one when its joins were counted", async (context) => {
  const member = new Member(context);
  await member.look();
  member.tool("crm_mon", `cat ${LOST}`);
  member.tool(
    "corosync-cmapctl",
    `sed 's/3.status (str) = joined/3.status (str) = left/' ${HEALTHY}.corosync-cmapctl-runtime.members.out`,
  );
  assert.equal(stateOf(await member.look(), "node3"), "unstable");
});

test("a controller that was in an election is asked again after crm_mon, one that does not answer is not", async (context) => {
  const member = new Member(context);
  await member.look();
  const { folder } = member;
  member.tool(
    "crmadmin",
    `[ -e ${folder}/elected ] || { touch ${folder}/elected; echo 'Controller on node1 in state S_ELECTION: ok'; exit; }\n${SETTLED}`,
  );
  member.tool("crm_mon", `${member.until("crmadmin begins")}\ncat ${HEALTHY}.crm_mon-X.xml`);
  assert.equal((await member.look()).self.stable, "yes");
  assert.equal(member.log.filter((line) => line === "crmadmin begins").length, 2);
  member.tool("crmadmin", "echo 'error: no reply from controller' >&2; exit 124");
  const { self } = await member.look();
  assert.equal(self.stable, "no");
  assert.match(self.reason ?? "", /no reply from controller/);
  assert.equal(member.log.filter((line) => line === "crmadmin begins").length, 1);
});

test("a name that several nodes have is a problem, and this host's own holds every loss", async (context) => {
  const member = new Member(context);
  for (const [node, stable] of [
    ["node3", "yes"],
    ["node1", "unknown"],
  ]) {
    member.tool(
      "crm_mon",
      `sed '/<node name="${node}" id=".".* type=/{p;s/ id="."/ id="7"/}' ${HEALTHY}.crm_mon-X.xml`,
    );
    const { self, problems } = await member.look();
    assert.equal(self.stable, stable);
    assert.ok(problems.some(({ problem }) => problem.includes(`several nodes of the cluster are called ${node};`)));
  }
});

test("a controller of before Pacemaker 2.1 states the same in other words", async (context) => {
  const member = new Member(context);
  member.tool("crmadmin", "echo 'Status of crmd@node1: S_NOT_DC (ok)'");
  assert.equal((await member.look()).self.stable, "yes");
  member.tool("crmadmin", "echo 'Status of crmd@node1: S_ELECTION (ok)'");
  const { self } = await member.look();
  assert.deepEqual([self.stable, self.reason], ["no", "its controller is in state S_ELECTION"]);
});

test("after a crm_mon that fails, what was asked beside it is not in the way of the next look", async (context) => {
  const member = new Member(context);
  await member.look();
  member.tool("crm_mon", "exit 102");
  const slow = `${member.until("crm_mon begins")}\nsleep 0.2\n`;
  member.tool("crmadmin", `${slow}${SETTLED}`);
  member.tool("corosync-cmapctl", `${slow}cat ${HEALTHY}.corosync-cmapctl-runtime.members.out`);
  assert.equal((await member.look()).complete, false);
  member.tool("crm_mon", `cat ${HEALTHY}.crm_mon-X.xml`);
  const { self, hosts } = await member.look();
  assert.equal(self.stable, "yes");
  assert.equal(hosts.find(({ name }) => name === "node3")?.incarnation, "2");
});

test("a remote node is settled, whether or not crm_mon states that it is one", async (context) => {
  for (const version of ["2.1.5", "3.0.0"]) {
    const remote = new Member(context, "remote1");
    const shown = capturePath(`pacemaker-${version}/01-healthy/remote1.crm_mon-X.xml`);
    remote.tool("crm_mon", `cat ${shown}`);
    assert.deepEqual((await remote.look()).self, { name: "remote1", stable: "yes" });
  }
  const stranger = new Member(context, "elsewhere");
  stranger.tool("crm_mon", `cat ${capturePath("pacemaker-3.0.0/01-healthy/remote1.crm_mon-X.xml")}`);
  const { self } = await stranger.look();
  assert.deepEqual([self.stable, self.reason], ["unknown", "it is not known which node of the cluster it is"]);
  const member = new Member(context);
  for (const state of ["remote", "shutting_down"]) {
    member.tool(
      "crm_mon",
      `sed 's/<pacemakerd \\(.*\\)state="running"/<pacemakerd \\1state="${state}"/' ${HEALTHY}.crm_mon-X.xml`,
    );
    assert.equal((await member.look()).self.stable, "no");
  }
});

/** crmadmin answers when the file is there. */
const late = (member: Member, answer: string): string =>
  `while ! [ -e ${member.folder}/planned ]; do sleep 0.01; done\n${answer}`;
/** Undefined for a look that has not ended after half a second, in which one that waits for nothing has, on a machine that is not busy. */
const unlessLater = async (looking: ReturnType<Member["look"]>) =>
  await Promise.race([looking, systemClock.sleep(500, new AbortController().signal)]);
const answerNow = (member: Member): void => writeFileSync(join(member.folder, "planned"), "");

test("a designated controller that plans is not waited for, and asked once, while it was settled before", async (context) => {
  const member = new Member(context);
  await member.look();
  member.tool("crm_mon", `cat ${LOST}`);
  member.tool("corosync-quorumtool", TWO);
  member.tool("crmadmin", late(member, SETTLED));
  const look = await member.look();
  assert.deepEqual([look.self.stable, stateOf(look, "node3")], ["yes", "offline"]);
  assert.equal((await member.look()).self.stable, "yes");
  assert.deepEqual(
    member.log.filter((line) => line.startsWith("crmadmin")),
    [],
  );
  answerNow(member);
  await member.looker.look(AbortSignal.timeout(IN_TIME));
  assert.equal(member.lateAnswers, 0);
});

test("one that was not settled before is waited for, and so is any where Corosync does not show who is a member", async (context) => {
  for (const unsettled of [true, false]) {
    const member = new Member(context);
    if (unsettled) member.tool("crmadmin", "echo 'error: no reply from controller' >&2; exit 124");
    await member.look();
    if (!unsettled) {
      for (const tool of ["quorumtool", "cmapctl"])
        member.tool(`corosync-${tool}`, "echo 'Cannot: error 11' >&2; exit 1");
    }
    member.tool("crmadmin", late(member, SETTLED));
    const looking = member.look();
    assert.equal(await unlessLater(looking), undefined);
    answerNow(member);
    assert.equal((await looking).self.stable, "yes");
  }
});

test("one that does not answer for 2 s counts as settled no longer, and a late answer that it is not asks for a look", async (context) => {
  const member = new Member(context);
  await member.look();
  member.tool("crmadmin", late(member, "echo 'error: no reply from controller' >&2; exit 124"));
  assert.equal((await member.look()).self.stable, "yes");
  member.time.pass(2001);
  const looking = member.look();
  assert.equal(await unlessLater(looking), undefined, "it is waited for");
  assert.equal(member.lateAnswers, 0);
  answerNow(member);
  const { self } = await looking;
  assert.equal(self.stable, "no");
  assert.match(self.reason ?? "", /no reply from controller/);
  assert.equal(member.lateAnswers, 1);
});
