import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  MatchExpressionError,
  type MatchKind,
  matchCommandLine,
  matcherOf,
  type ProcessFacts,
} from "../../../src/process/match.ts";
import { entryNamed } from "../../support/process-entries.ts";

function kindOf(
  name: string,
  argv: readonly string[],
  match: "program" | "substring" | "regex" = "program",
): MatchKind {
  return matchCommandLine(matcherOf(entryNamed(name, { match })), argv.map((word) => `${word}\0`).join(""));
}

const table: readonly (readonly [name: string, argv: readonly string[], MatchKind])[] = [
  // The first argument, by full path or base name.
  ["nova-compute", ["nova-compute"], "whole"],
  ["nova-compute", ["/usr/bin/nova-compute", "--config-file", "/etc/nova/nova.conf"], "whole"],
  ["/usr/sbin/libvirtd", ["/usr/sbin/libvirtd", "--listen"], "whole"],
  ["/usr/sbin/libvirtd", ["/opt/usr/sbin/libvirtd"], "partial"],
  ["/usr/sbin/libvirtd", ["libvirtd"], undefined],
  ["libvirt", ["/usr/sbin/libvirtd"], "partial"],
  ["bash", ["-bash"], undefined],
  ["my app", ["/opt/my app"], "whole"],
  // The script of an interpreter.
  ["nova-compute", ["/usr/bin/python3", "/usr/bin/nova-compute", "--debug"], "whole"],
  ["/usr/bin/nova-compute", ["/usr/bin/python3.11", "-s", "-E", "/usr/bin/nova-compute"], "whole"],
  ["nova-compute", ["python3", "-W", "ignore", "-X", "dev", "/usr/bin/nova-compute"], "whole"],
  ["nova-compute", ["python3", "-Wignore", "-OO", "nova-compute"], "whole"],
  ["nova-compute", ["python3", "-c", "import x", "nova-compute"], "partial"],
  ["nova-compute", ["python3", "-Ec", "import x", "nova-compute"], "partial"],
  ["nova-compute", ["python3", "other.py", "nova-compute"], "partial"],
  ["http.server", ["python3", "-m", "http.server", "8000"], "whole"],
  ["http.server", ["python3", "-Im", "http.server"], "whole"],
  ["http.server", ["python3", "-mhttp.server"], "partial"],
  ["agent.pl", ["perl", "-w", "-I", "lib", "-Mstrict", "/opt/agent.pl"], "whole"],
  ["agent.pl", ["perl", "-we", "sleep", "agent.pl"], "partial"],
  ["agent.rb", ["ruby", "-r", "json", "-W0", "agent.rb"], "whole"],
  ["agent.js", ["node", "--enable-source-maps", "--require", "./pre.js", "/opt/agent.js"], "whole"],
  ["agent.js", ["node", "--eval", "1", "agent.js"], "partial"],
  ["serve", ["/bin/sh", "/usr/local/bin/serve", "start"], "whole"],
  ["serve", ["/bin/bash", "-eu", "-o", "pipefail", "./serve"], "whole"],
  ["serve", ["bash", "--rcfile", "x", "+O", "extglob", "--", "serve"], "whole"],
  ["app.jar", ["java", "-Xmx1g", "-jar", "/opt/app.jar", "--port=1"], "whole"],
  ["org.apache.zookeeper.Main", ["/usr/bin/java", "-cp", "/a:/b", "-Dx=y", "org.apache.zookeeper.Main"], "whole"],
  // Names of several words are consecutive arguments.
  [
    "/usr/bin/python /usr/local/bin/masakari-hostmonitor",
    ["/usr/bin/python", "/usr/local/bin/masakari-hostmonitor"],
    "whole",
  ],
  [
    "python /usr/local/bin/masakari-hostmonitor",
    ["/usr/bin/python", "/usr/local/bin/masakari-hostmonitor", "-v"],
    "whole",
  ],
  [
    "/usr/bin/python /usr/local/bin/masakari-hostmonitor",
    ["/usr/bin/python", "-u", "/usr/local/bin/masakari-hostmonitor"],
    undefined,
  ],
  ["nova-api --port 1", ["python3", "/usr/bin/nova-api", "--port", "1"], "whole"],
  ["nova-api --port 1", ["python3", "/usr/bin/nova-api", "--port", "10"], "partial"],
  // A process that has set its title.
  ["nova-compute", ["nova-compute: worker 1"], "whole"],
  ["nginx", ["nginx: master process /usr/sbin/nginx", "", ""], "whole"],
  ["nginx: master process", ["nginx: master process /usr/sbin/nginx"], "whole"],
  ["nova-compute", ["/usr/bin/python3 /usr/bin/nova-compute"], "whole"],
  ["nova-api", ["apache2: nova-api"], "whole"],
  ["nova-api", ["apache2: nova-api-metadata"], "partial"],
  // As OpenSSH 9.2, cotyledon 1.7.3 and uWSGI 2.0.21 write them.
  ["/usr/sbin/sshd", ["sshd: /usr/sbin/sshd -D -p 22 [listener] 0 of 10-100 startups", ""], "whole"],
  ["sshd", ["sshd: /usr/sbin/sshd -D -p 22 [listener] 0 of 10-100 startups", ""], "whole"],
  ["/usr/sbin/sshd -D", ["sshd: /usr/sbin/sshd -D -p 22 [listener] 0 of 10-100 startups", ""], "whole"],
  ["/usr/sbin/sshd", ["sshd: root@pts/0", "", ""], undefined],
  ["/usr/bin/nova-compute", ["nova-compute: master process [/usr/bin/nova-compute --config-file x]", ""], "whole"],
  ["/usr/bin/nova-compute", ["nova-compute: master process [/usr/bin/nova-compute]", ""], "whole"],
  ["nova-compute", ["oslo: master process (/usr/bin/python3 /usr/bin/nova-compute)"], "whole"],
  ["/usr/bin/nova-compute", ["nova-compute: ComputeService worker(0)", ""], undefined],
  ["nova-compute", ["[nova-compute]", "", ""], "whole"],
  ["nova-api", ["nova-api uWSGI master"], "whole"],
  ["nova", ["nova-compute: worker"], "partial"],
  // A title that names whom it serves, and no title.
  ["nova", ["sshd: nova [priv]", ""], "partial"],
  ["neutron", ["postgres: neutron neutron 10.0.0.1(5000) idle", ""], "partial"],
  ["nova-compute", ["tmux: client (/usr/bin/nova-compute)"], undefined],
  ["nova-compute", ["/opt/my tools/run", "nova-compute"], "partial"],
  // systemd's child before it executes the program.
  ["svc-a", ["(svc-a)"], undefined],
  ["svc-a", ["(svc-a)", "", ""], undefined],
  ["compute", ["(-compute)"], undefined],
  ["nova-api", ["(wsgi:nova-api)", "-k", "start"], "partial"],
  [
    "neutron-server",
    ["neutron-server: api worker (/usr/bin/python3 /usr/bin/neutron-server --config-file x)"],
    "whole",
  ],
  ["nova-compute", ["/usr/bin/python3", "-Es", "/usr/bin/nova-compute", "--config-file", "x"], "whole"],
  ["nova-compute", ["/usr/libexec/platform-python3.6", "-s", "/usr/bin/nova-compute"], "whole"],
  // Our own programs, in a list that was written for the Python ones.
  ["/usr/bin/python /usr/local/bin/masakari-instancemonitor", ["masakari-instancemonitor"], "whole"],
  ["/usr/bin/masakari-instancemonitor", ["masakari-instancemonitor", "", ""], "whole"],
  ["/usr/bin/masakari-instancemonitor", ["masakari-introspectiveinstancemonitor"], undefined],
  ["/usr/bin/masakari-instancemonitor", ["/opt/masakari-instancemonitor"], undefined],
  // Others that speak of it.
  ["nova-compute", ["tail", "-f", "/var/log/nova/nova-compute.log"], undefined],
  ["nova-compute", ["tail", "-f", "nova-compute"], undefined],
  ["nova-compute", ["vim", "/etc/nova/nova-compute.conf"], undefined],
  ["nova-compute", ["systemctl", "status", "nova-compute"], undefined],
  ["nova-compute", ["bash", "-c", "while sleep 1; do nova-compute; done"], undefined],
  ["nova-compute", ["-bash"], undefined],
  ["nova-compute", ["/usr/bin/nova-compute-helper"], "partial"],
  ["nova-compute", ["python3", "/usr/bin/nova-compute-helper"], "partial"],
  ["nova-compute", ["/usr/bin/nova-api"], undefined],
];

for (const [name, argv, expected] of table) {
  test(`"${name}" is ${expected ?? "nothing"} of: ${argv.join(" ")}`, () => assert.equal(kindOf(name, argv), expected));
}

test("match: substring and regex look at the whole command line", () => {
  const argv = ["/usr/bin/tail", "-f", "nova-compute.log"];
  assert.equal(kindOf("nova-compute", argv, "substring"), "whole");
  assert.equal(kindOf("tail -f nova", argv, "substring"), "whole");
  assert.equal(kindOf("nova-api", argv, "substring"), undefined);
  assert.equal(kindOf("^/usr/bin/tail .*\\.log$", argv, "regex"), "whole");
  assert.equal(kindOf("^tail", argv, "regex"), undefined);
});

test("match: regex knows what Python's re, RE2 and JavaScript write", () => {
  const argv = ["/usr/bin/python3", "/usr/bin/nova-compute", "--config-file", "/etc/nova.conf"];
  const expressions: readonly (readonly [string, MatchKind])[] = [
    [String.raw`\A/usr/bin/python3? .*nova-(?P<what>compute|api)\b`, "whole"],
    [String.raw`(?i)NOVA-COMPUTE .*\.conf\Z`, "whole"],
    [String.raw`(?<what>nova)-compute\s--config`, "whole"],
    ["^nova-compute", undefined],
    // What only RegExp has.
    [String.raw`nova-(?!api)\w+ `, "whole"],
    [String.raw`(nova).*/etc/\1\.conf`, "whole"],
    ["(?<!/)nova-compute", undefined],
  ];
  for (const [expression, expected] of expressions) {
    let kind = kindOf(expression, argv, "regex");
    // A busy machine may be away for longer than an expression is given; each try starts again.
    for (let tries = 1; kind === "undecided" && tries < 100; tries++) kind = kindOf(expression, argv, "regex");
    assert.equal(kind, expected, expression);
  }
});

test("match: regex takes no longer over a command line that is made for it", () => {
  // In a process of its own, because the bug took for ever.
  const script = `
    import { compileExpression } from ${JSON.stringify(import.meta.resolve("../../../src/config/process-list/expression.ts"))};
    for (const source of ${JSON.stringify(["^(a+)+$", "(a|aa)+$", "(.*)*x", ".*.*.*.*=", "(?!x)a.*b", String.raw`(a)\\1.*b`])}) {
      const expression = compileExpression(source);
      for (const filler of ["a", "ab", "x=", " "]) console.log(expression.test(filler.repeat(65536 / filler.length) + "!"));
    }`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  const ran = spawnSync(process.execPath, flags, { timeout: 60_000, encoding: "utf8" });
  assert.equal(ran.stdout.split("\n").length, 25, ran.stderr);
});

test("a regular expression that is none is refused", () => {
  assert.throws(() => kindOf("(", [], "regex"), MatchExpressionError);
});

test("a command line of nothing but empty arguments is read at once: anybody can run such a process", () => {
  // Ten times what is ever read of a command line: in a process of its own, because the bug took hours over it.
  const script = `
    import { parseCommandLine } from ${JSON.stringify(import.meta.resolve("../../../src/process/command-line.ts"))};
    console.log(parseCommandLine("\\0".repeat(655_360) + "nova-compute\\0")[0].words.length);`;
  const read = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script],
    {
      timeout: 60_000,
      encoding: "utf8",
    },
  );
  assert.equal(read.stdout, "655361\n", read.stderr);
});

test("a title of 64 KiB is read at once, whatever it consists of", () => {
  for (const filler of ["]", "(", " ", ": ", "a ", "\0"]) {
    const title = `${filler.repeat(65_536 / filler.length)}nova-compute`;
    const began = process.cpuUsage();
    kindOf("nova-compute", [title]);
    const { user } = process.cpuUsage(began);
    assert.ok(user < 1_000_000, `${user} µs for ${JSON.stringify(filler)}`);
  }
});

const replaced: readonly (readonly [
  string,
  Partial<ProcessFacts> & { readonly shows: string; readonly runs?: string },
  boolean,
])[] = [
  ["/opt/svc", { name: "svc", shows: "zufzgt\0" }, true],
  ["svc", { name: "zufzgt", runs: "/opt/svc", shows: "zufzgt\0" }, true],
  ["/sbin/svc", { name: "zufzgt", runs: "/usr/sbin/svc", shows: "zufzgt\0" }, true],
  ["/usr/bin/uwsgi_python3", { name: "uwsgi_python3", runs: "/usr/bin/uwsgi-core", shows: "uWSGI master\0" }, true],
  ["neutron-openvswitch-agent", { name: "neutron-openvsw", runs: "/usr/bin/python3.11", shows: "zufzgt\0" }, true],
  ["nfsd", { name: "nfsd", shows: "" }, true],
  ["[nfsd]", { name: "nfsd", shows: "" }, true],
  ["ksoftirqd/0", { name: "ksoftirqd/0", shows: "" }, true],
  ["nfsd", { name: "nfsd4", shows: "" }, false],
  // Whatever is ending, from whatever place, shows nothing else for an instant.
  ["/opt/svc", { name: "svc", shows: "" }, false],
  ["/opt/svc", { name: "svc", runs: "/opt/svc", shows: "" }, true],
  ["/opt/svc", { name: "other", runs: "/opt/other/svc", shows: "zufzgt\0" }, false],
  ["/opt/svc", { name: "svc", runs: "/opt/other/svc", shows: "zufzgt\0" }, false],
  ["/opt/svc", { name: "other", shows: "zufzgt\0" }, false],
  ["/usr/bin/svc", { name: "svc", shows: "svc: master\0" }, true],
  ["/usr/bin/svc", { name: "svc", shows: "helper of svc\0" }, false],
  // Another installation's, found by PATH: arguments are no title.
  ["/opt/svc", { name: "svc", runs: "/usr/bin/svc-core", shows: "svc\0--port\x001\0" }, false],
  // Its name is in its command line, which therefore is not replaced: a session of sshd is no sshd.
  ["/usr/sbin/sshd", { name: "sshd", runs: "/usr/sbin/sshd", shows: "sshd: root@pts/0\0" }, false],
  // The ordinary command line of something else.
  ["svc", { name: "svc", runs: "/usr/bin/python3.11", shows: "/usr/bin/python3\0other.py\0" }, false],
  ["svc-a", { name: "(svc-a)", shows: "(svc-a)\0" }, false],
];
for (const [name, { shows, runs, ...facts }, expected] of replaced) {
  test(`"${name}" ${expected ? "is" : "is not"} what executes ${runs ?? "?"} as ${facts.name} and shows ${shows}`, () => {
    const executable = () => (runs === undefined ? undefined : { path: runs, file: "1:2" });
    const asked = matcherOf(entryNamed(name)).replaced?.({ name: "", ...facts, executable, raw: () => shows });
    assert.equal(asked, expected);
  });
}

test("what an interpreter executes does not identify it, and a pattern is about the command line alone", () => {
  assert.equal(matcherOf(entryNamed("/usr/bin/python3")).replaced, undefined);
  assert.equal(matcherOf(entryNamed("python3 /opt/svc")).replaced, undefined);
  assert.equal(matcherOf(entryNamed("svc", { match: "substring" })).replaced, undefined);
});

test("a process without a command line (a zombie, a kernel thread) matches no entry", () => {
  assert.equal(kindOf("x", []), undefined);
  assert.equal(matchCommandLine(matcherOf(entryNamed(".*", { match: "regex" })), ""), undefined);
});
