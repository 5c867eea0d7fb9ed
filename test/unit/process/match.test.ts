import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { MatchExpressionError, matchCommandLine, matcherOf } from "../../../src/process/match.ts";
import { entryNamed } from "../../support/process-entries.ts";

type Kind = "whole" | "partial" | undefined;

function kindOf(name: string, argv: readonly string[], match: "program" | "substring" | "regex" = "program"): Kind {
  return matchCommandLine(matcherOf(entryNamed(name, { match })), argv.map((word) => `${word}\0`).join(""));
}

const table: readonly (readonly [name: string, argv: readonly string[], Kind])[] = [
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
  ["nova-api", ["apache2: nova-api"], "partial"],
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

test("a process without a command line (a zombie, a kernel thread) is nobody's", () => {
  assert.equal(kindOf("x", []), undefined);
  assert.equal(matchCommandLine(matcherOf(entryNamed(".*", { match: "regex" })), ""), undefined);
});
