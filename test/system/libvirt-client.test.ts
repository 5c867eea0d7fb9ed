import assert from "node:assert/strict";
import { it } from "node:test";
import { ConnectionLostError, type DomainEvent, maintainConnection, ServerError } from "../../src/libvirt/mod.ts";
import { systemClock } from "../../src/system/system-clock.ts";
import { eventually } from "../support/eventually.ts";
import { KeptLog } from "../support/kept-log.ts";
import { Guest } from "./libvirt/guest.ts";
import { describeWithLibvirtd, Seen } from "./libvirt/suite.ts";

const serverError = (number: number) => (error: unknown) => error instanceof ServerError && error.number === number;

/** One line for an event: its kind, and what libvirt's headers call it. */
function inWords(event: DomainEvent): string {
  if (event.kind === "lifecycle") return `${event.eventName} ${event.detailName}`;
  if (event.kind === "watchdog") return `watchdog ${event.actionName}`;
  return event.kind;
}

await describeWithLibvirtd("the libvirt client, on libvirt's own test driver", {}, (host) => {
  it("lists domains with their states", async (t) => {
    const connection = await host().connect(t, { uri: host().libvirtd.testUri });
    const [domain, ...others] = await connection.listDomains();
    assert.ok(domain);
    assert.deepEqual(others, []);
    assert.equal(domain.name, "test");
    assert.deepEqual(await connection.state(domain), {
      state: 1,
      reason: 0,
      stateName: "RUNNING",
      reasonName: "UNKNOWN",
    });
    assert.match(await connection.xml(domain), /<name>test<\/name>/);
    assert.deepEqual(await connection.lookup(domain.uuid), domain);
    assert.match(await connection.version(), /^\d+\.\d+\.\d+$/);
    assert.notEqual(await connection.hostname(), "");
    assert.deepEqual(await connection.listDomains({ inactive: true }), []);
  });

  it("gives libvirt's error with its number", async (t) => {
    const connection = await host().connect(t, { uri: host().libvirtd.testUri });
    await assert.rejects(connection.lookup("00000000-0000-0000-0000-000000000001"), serverError(42));
    await assert.rejects(connection.createDomain("<domain>"), serverError(35));
  });

  it("emits events in the order in which they happen, until the listener ends", async (t) => {
    const connection = await host().connect(t, { uri: host().libvirtd.testUri });
    const seen = new Seen<DomainEvent>();
    const registration = await connection.registerEvents(["lifecycle"], seen.push);
    const xml = (name: string) =>
      `<domain type='test'><name>${name}</name><memory>1024</memory><os><type>hvm</type></os></domain>`;
    const first = await connection.createDomain(xml("one"));
    await connection.destroyDomain(first);
    const second = await connection.createDomain(xml("two"));
    await seen.first(({ domain }) => domain.name === "two");
    await registration.end();
    await connection.destroyDomain(second);
    // The reply to a later call comes after the event would have.
    await connection.hostname();
    assert.deepEqual(
      seen.all.map((event) => `${event.domain.name} ${inWords(event)}`),
      ["one STARTED BOOTED", "one STOPPED DESTROYED", "two STARTED BOOTED"],
    );
  });

  it("cannot change anything over the read-only socket", async (t) => {
    const uri = `test+unix:///default?socket=${host().libvirtd.readOnlySocket}`;
    const connection = await host().connect(t, { uri, readOnly: true });
    const [domain] = await connection.listDomains();
    assert.ok(domain);
    await assert.rejects(connection.destroyDomain(domain), serverError(29));
    await assert.rejects(connection.agentCommand(domain, "{}", 1), serverError(29));
  });

  it("keeps a thousand calls in order when they are asked at once", async (t) => {
    const connection = await host().connect(t, { uri: host().libvirtd.testUri });
    const [domain] = await connection.listDomains();
    assert.ok(domain);
    const states = await Promise.all(Array.from({ length: 1000 }, () => connection.state(domain)));
    assert.ok(states.every(({ stateName }) => stateName === "RUNNING"));
  });

  it("notices by keepalive that libvirtd hangs, and fails what is under way", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t, { uri: libvirtd.testUri, keepalive: { intervalMs: 1000, count: 2 } });
    t.after(() => libvirtd.signal("SIGCONT"));
    libvirtd.signal("SIGSTOP");
    const call = connection.hostname();
    await assert.rejects(call, ConnectionLostError);
    assert.match((await connection.closed)?.message ?? "", /keepalive/);
  });

  it("gives up connecting to a libvirtd that hangs", async (t) => {
    const { libvirtd } = host();
    t.after(() => libvirtd.signal("SIGCONT"));
    libvirtd.signal("SIGSTOP");
    await assert.rejects(host().connect(t, { uri: libvirtd.testUri, timeoutMs: 200 }), { code: "LIBVIRT_CONNECT" });
  });

  it("connects again after libvirtd was killed, and logs that once", async () => {
    const { libvirtd } = host();
    const stop = new AbortController();
    const connections = new Seen<string>();
    const losses: Error[] = [];
    const log = new KeptLog();
    const kept = maintainConnection(
      libvirtd.testUri,
      {
        clock: systemClock,
        log,
        backoff: { firstMs: 10, maxMs: 50, maxAfterConnectionMs: 50 },
        onConnected: async (connection) => connections.push(await connection.version()),
        onLost: (error) => losses.push(error),
      },
      stop.signal,
    );
    await connections.first(() => true);
    await libvirtd.kill();
    await libvirtd.restart();
    await connections.first(() => connections.all.length === 2);
    stop.abort();
    await kept;
    assert.equal(losses.length, 1);
    assert.ok(losses[0] instanceof ConnectionLostError);
    assert.equal(log.lines.filter((line) => line.startsWith("info Connected to libvirt again")).length, 1);
  });
});

await describeWithLibvirtd("the libvirt client, on QEMU", {}, (host) => {
  it("sees a guest start, answer, and die", async (t) => {
    const working = await host().connect(t);
    const watching = await host().connect(t, { readOnly: true });
    const seen = new Seen<DomainEvent>();
    await watching.registerEvents(["lifecycle", "agentLifecycle"], seen.push);
    const guest = await Guest.start(host().libvirtd, working, "instance-00000001");
    await guest.answering();
    await seen.first((event) => event.kind === "agentLifecycle" && event.state === 1);
    assert.equal(await guest.ping(), '{"return":{}}');
    assert.match(await watching.xml(guest.domain), /org\.qemu\.guest_agent\.0\.instance-00000001\.sock/);
    guest.signal("SIGKILL");
    const death = await seen.first((event) => event.kind === "lifecycle" && event.eventName === "STOPPED");
    assert.equal(inWords(death), "STOPPED FAILED");
    assert.deepEqual(death.domain.uuid, guest.domain.uuid);
    await assert.rejects(watching.state(guest.domain), serverError(42));
  });

  it("emits panic, reset and watchdog as libvirt does", async (t) => {
    const connection = await host().connect(t);
    const seen = new Seen<DomainEvent>();
    await connection.registerEvents(["lifecycle", "reboot", "watchdog"], seen.push);
    const guest = await Guest.start(host().libvirtd, connection, "instance-00000002", { watchdog: "none" });
    await guest.answering();
    seen.all.length = 0;
    guest.send("x-watchdog");
    await seen.first((event) => event.kind === "watchdog");
    guest.send("x-reset");
    await seen.first((event) => event.kind === "reboot");
    await guest.answering();
    guest.send("x-panic");
    await seen.first((event) => inWords(event) === "STOPPED CRASHED");
    // libvirtd takes QEMU's panic in a worker and its stop in the event loop: now and then it emits the stop first.
    const received = seen.all.map(inWords).filter((line) => line !== "SUSPENDED PAUSED");
    const words = received.filter((line, at, lines) => line !== lines[at - 1]);
    assert.deepEqual(words, ["watchdog NONE", "reboot", "CRASHED PANICKED", "STOPPED CRASHED"]);
  });

  it("lives through more hung guests than the server takes calls, and asks other things beside them", async (t) => {
    const starting = await host().connect(t);
    const guests = await Promise.all(
      ["a", "b", "c", "d", "e", "f"].map((name) =>
        Guest.start(host().libvirtd, starting, `hung-${name}`, { agent: "hangs" }),
      ),
    );
    for (const { name } of guests) {
      await eventually(
        `${name} to open its agent's channel`,
        60_000,
        async () => (await host().libvirtd.virsh("dumpxml", name)).includes("state='connected'") || undefined,
      );
    }
    // Six commands at once, of 5 s each by libvirt's own guest-sync: keepalive would give the connection up after 3 s of silence.
    const connection = await host().connect(t, { keepalive: { intervalMs: 1000, count: 2 } });
    const pings = guests.map(({ domain }) => connection.agentCommand(domain, '{"execute":"guest-ping"}', 2));
    // Beside them: not one of them has to end first.
    const uuid = guests[0]?.domain.uuid ?? "";
    const settled = pings.map((ping) => ping.then(String, String));
    assert.equal(await Promise.race([connection.lookup(uuid).then(({ name }) => name), ...settled]), "hung-a");
    const outcomes = await Promise.allSettled(pings);
    assert.ok(outcomes.every((outcome) => outcome.status === "rejected" && serverError(86)(outcome.reason)));
    assert.notEqual(await connection.hostname(), "");
  });

  it("counts a guest's disk reads", async (t) => {
    const { libvirtd } = host();
    const connection = await host().connect(t);
    await libvirtd.inside("truncate", "-s", "1M", "/var/lib/libvirt/disk.raw");
    const disk =
      "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/disk.raw'/><target dev='hda' bus='ide'/></disk>";
    const guest = await Guest.start(libvirtd, connection, "instance-00000003", { devices: disk });
    await guest.answering();
    const reads = async () => {
      const [record] = await connection.stats([guest.domain], { block: true });
      return record?.values.get("block.0.rd.reqs") as bigint;
    };
    guest.send("x-hang-reading");
    const before = await reads();
    await assert.rejects(guest.ping(1), serverError(86));
    assert.ok((await reads()) > before);
  });
});
