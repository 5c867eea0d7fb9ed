import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPrograms } from "../../../../src/cli/check-programs.ts";
import { describeDiagnostic } from "../../../../src/config/diagnostic.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import { type CheckedSetup, checkSetup } from "../../../../src/host/consul/check.ts";
import { configRoot } from "../../../support/config-root.ts";

const AGENTS = "agent_manage = 127.0.0.1:8500\nagent_tenant = 10.0.0.1\nagent_storage = [::1]:8502\n";

interface Checked extends CheckedSetup {
  readonly lines: readonly string[];
}

async function check(consul: string, matrix?: string): Promise<Checked> {
  using at = configRoot({ "x.conf": `[consul]\n${consul}`, ...(matrix !== undefined && { "m.yaml": matrix }) });
  const text = { program: "p", env: {}, homeDir: at.homeDir, configFiles: [at.path("x.conf")] };
  const { config, origins } = loadConfig(text);
  const file = config.consul.matrix_config_file;
  const options = file === undefined ? config.consul : { ...config.consul, matrix_config_file: at.path(file) };
  const checked = await checkSetup(options, origins);
  return { ...checked, lines: checked.diagnostics.map((one) => describeDiagnostic(one).replaceAll(`${at.root}/`, "")) };
}

describe("[consul]", () => {
  it("takes HOST and HOST:PORT, with Consul's ports by default", async () => {
    const { setup, lines } = await check(AGENTS);
    assert.deepEqual(lines, []);
    assert.deepEqual(
      setup?.agents.map(({ network, origin }) => `${network} ${origin}`),
      ["manage http://127.0.0.1:8500", "tenant http://10.0.0.1:8500", "storage http://[::1]:8502"],
    );
  });

  it("takes HTTPS and a token for each network", async () => {
    const tokens = "scheme = https\nrequest_timeout = 5\ntoken = all\ntoken_storage = of-storage\n";
    const { setup } = await check(`${AGENTS}${tokens}`);
    assert.deepEqual(
      setup?.agents.map(({ origin, token }) => `${origin} ${token}`),
      ["https://127.0.0.1:8500 all", "https://10.0.0.1:8501 all", "https://[::1]:8502 of-storage"],
    );
  });

  it("may have some of the agents only", async () => {
    const { setup } = await check("agent_storage = 127.0.0.1\n");
    assert.deepEqual(setup?.matrix.sequence, ["storage"]);
    assert.deepEqual([...(setup?.matrix.recovery ?? [])], ["down"]);
  });

  const errors: readonly (readonly [string, RegExp])[] = [
    ["", /^error: \[consul\] none of agent_manage, agent_tenant and agent_storage is set/],
    [
      "agent_storage = http://127.0.0.1:8500\n",
      /^x\.conf:2: error: \[consul\] agent_storage must be HOST or HOST:PORT/,
    ],
    ["agent_storage = 127.0.0.1:99999\n", /^x\.conf:2: error: \[consul\] agent_storage must be HOST or HOST:PORT/],
    ["agent_manage = 127.0.0.1\n", /error: \[consul\] agent_storage is not set, and without matrix_config_file/],
    [`${AGENTS}token_tenant = gar\u00e7on-secret\n`, /^x\.conf:5: error: \[consul\] token_tenant contains characters/],
    [`${AGENTS}scheme = https\nca_file = /nowhere/ca.pem\n`, /^x\.conf:6: error: \[consul\] cannot read .*ca\.pem/],
    [
      `${AGENTS}matrix_config_file = missing.yaml\n`,
      /missing\.yaml: error: \[consul\] matrix_config_file does not exist/,
    ],
  ];
  for (const [text, expected] of errors) {
    it(`is refused at its line: ${expected.source}`, async () => {
      const { setup, lines } = await check(text);
      assert.equal(setup, undefined);
      assert.match(lines.join("\n"), expected);
      assert.doesNotMatch(lines.join("\n"), /secret/);
    });
  }

  it("is checked with the matrix by check-config, for a host monitor with this driver", async () => {
    using at = configRoot({ "m.yaml": "sequence: [storage]\nmatrix:\n- {health: [dwon], action: []}\n" });
    using conf = configRoot({
      "x.conf": `[api]\nauth_type = none\nendpoint = http://m/v1\n[host]\nmonitoring_driver = consul\n[consul]\nagent_storage = h\nmatrix_config_file = ${at.path("m.yaml")}\n`,
    });
    const loaded = loadConfig({ program: "p", env: {}, homeDir: conf.homeDir, configFiles: [conf.path("x.conf")] });
    const lines = async (program: string) =>
      (await checkPrograms(loaded, [program])).map((one) => describeDiagnostic(one).replace(`${at.root}/`, ""));
    const expected = 'm.yaml:3: error: health must be up or down, not "dwon"';
    assert.ok((await lines("hostmonitor")).includes(expected));
    assert.ok(!(await lines("instancemonitor")).includes(expected));
  });
});
