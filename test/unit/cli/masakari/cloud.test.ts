import assert from "node:assert/strict";
import { chmodSync, chownSync, readFileSync, renameSync } from "node:fs";
import { test } from "node:test";
import { loginOfCloud } from "../../../../src/cli/masakari/cloud.ts";
import type { CommandContext } from "../../../../src/cli/masakari/command-context.ts";
import { environmentWith } from "../../../../src/cli/masakari/environment.ts";
import { findLogin, type LoginChoice } from "../../../../src/cli/masakari/login.ts";
import { configRoot } from "../../../support/config-root.ts";

interface Question {
  readonly name: string;
  readonly cloud: string;
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly values: "error" | Readonly<Record<string, unknown>>;
}

const questions: readonly Question[] = JSON.parse(
  readFileSync(new URL("../../../fixtures/clouds/openstacksdk-0.101.0-values.json", import.meta.url), "utf8"),
);

/** Profiles that openstacksdk 4.20.0 refuses. Apart from OVH's, which it fetches, it makes of all questions what 0.101.0 does. */
const gone = ["betacloud", "ibmcloud", "internap", "ultimum", "unitedstack"].map(
  (name) => `the profile ${name} of the SDK`,
);

const silent = (): void => undefined;

/** Calls `use` where these files are, below `work` and `home`. */
async function among<T>(
  files: Readonly<Record<string, string>>,
  env: CommandContext["env"],
  use: (context: CommandContext) => Promise<T>,
): Promise<T> {
  using at = configRoot({ "work/.keep": "", ...files });
  // Nothing of the machine that the tests run on.
  const isolated = { XDG_CONFIG_DIRS: at.path("none"), ...env };
  return await use({ env: isolated, homeDir: at.homeDir, workDir: at.path("work"), out: silent, err: silent });
}

for (const { name, cloud, files, env, values } of questions) {
  test(`reads clouds.yaml as openstacksdk does: ${name}`, async () => {
    await among(files, env ?? {}, async (context) => {
      if (values === "error" || gone.includes(name)) {
        await assert.rejects(loginOfCloud(cloud, context), { code: "MASAKARI_COMMAND" });
        return;
      }
      const { api, endpoint } = await loginOfCloud(cloud, context);
      const {
        auth_type,
        region,
        api_interface,
        insecure,
        cafile,
        certfile,
        keyfile,
        default_domain_id: _,
        ...rest
      } = api;
      const login = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      // With auth_type none the endpoint is an option of the login here, and an override there.
      const where = auth_type === "none" ? api.endpoint : endpoint;
      const found = { auth: login, auth_type, region, interface: api_interface, insecure, endpoint: where };
      const tls = { cafile: insecure ? undefined : cafile?.replace(context.homeDir, "~"), certfile, keyfile };
      const all = Object.entries({ ...found, ...tls }).map(([key, value]) => [key, value ?? null]);
      assert.deepEqual(Object.fromEntries(all), values);
    });
  });
}

const cloud = (url: string): string =>
  `clouds:\n  prod:\n    auth: {auth_url: "${url}", username: u, password: Sesam, project_id: p, user_domain_id: d}\n`;
const openrc = { OS_AUTH_URL: "http://openrc", OS_USERNAME: "u", OS_PASSWORD: "p", OS_PROJECT_ID: "p" };
const host = { "home/masakarimonitors.conf": "[api]\nauth_url = http://host\n" };
const files = { ...host, "work/clouds.yaml": cloud("http://cloud"), "other.conf": "[api]\nauth_url = http://file\n" };

/** The Keystone that a command would go to, or why it goes to none. */
async function whereTo(env: CommandContext["env"], choice: Partial<LoginChoice> = {}): Promise<string> {
  return await among(files, env, async (context) => {
    try {
      const { api } = await findLogin({ configFiles: [], cloud: undefined, options: {}, ...choice }, context);
      return api.auth_url ?? "";
    } catch (error) {
      return `refused: ${(error as Error).message}`;
    }
  });
}

test("never another cloud than the one that is asked for", async () => {
  assert.equal(await whereTo({}), "http://host");
  assert.equal(await whereTo(openrc), "http://openrc");
  assert.equal(await whereTo({ OS_CLOUD: "prod" }), "http://cloud");
  assert.equal(await whereTo({ OS_CLOUD: "" }), "http://host");
  assert.equal(await whereTo({ ...openrc, OS_CLOUD: "envvars" }), "http://openrc");
  assert.equal(await whereTo({ ...openrc, OS_CLOUD: "mine", OS_CLOUD_NAME: "mine" }), "http://openrc");
  assert.equal(await whereTo(openrc, { cloud: "prod" }), "http://cloud");
  assert.match(
    await whereTo({ ...openrc, OS_CLOUD: "prod" }),
    /^refused: OS_CLOUD=prod and OS_AUTH_URL are two logins/,
  );
  assert.match(
    await whereTo({ OS_CLOUD: "test" }),
    /^refused: there is no cloud test: .*work\/clouds.yaml; there are prod/,
  );
  assert.match(await whereTo({ OS_CLOUD: "envvars" }), /^refused: OS_CLOUD=envvars is set, but OS_AUTH_URL is not/);
  for (const name of ["OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME", "OS_TOKEN", "OS_REGION_NAME"]) {
    assert.match(await whereTo({ [name]: "x" }), new RegExp(`^refused: ${name} is set, but OS_AUTH_URL is not`));
  }
  // Of oslo.config's own variables OS_API__… are the host's.
  assert.equal(await whereTo({ OS_API__REGION: "R" }), "http://host");
});

test("what the command line names wins over the environment, and names one login only", async () => {
  using at = configRoot({ "other.conf": "[api]\nauth_url = http://file\n" });
  const configFiles = [at.path("other.conf")];
  assert.equal(await whereTo({ ...openrc, OS_CLOUD: "prod" }, { configFiles }), "http://file");
  assert.match(
    await whereTo({}, { configFiles, cloud: "prod" }),
    /^refused: --config-file and --os-cloud are two logins/,
  );
});

test("OS_CLIENT_CONFIG_FILE is read in place of all others, and its only cloud is meant", async () => {
  using at = configRoot({
    "one.yaml": cloud("http://one"),
    "two.yaml": `${cloud("http://a")}  test: {auth: {auth_url: "http://b"}}\n`,
  });
  assert.equal(await whereTo({ OS_CLIENT_CONFIG_FILE: at.path("one.yaml") }), "http://one");
  assert.equal(await whereTo({ OS_CLIENT_CONFIG_FILE: at.path("two.yaml"), OS_CLOUD: "test" }), "http://b");
  assert.match(await whereTo({ OS_CLIENT_CONFIG_FILE: at.path("two.yaml") }), /refused: choose a cloud .* prod, test/);
  assert.match(
    await whereTo({ OS_CLIENT_CONFIG_FILE: at.path("none.yaml"), OS_CLOUD: "prod" }),
    /none.yaml does not exist/,
  );
});

test("a password may come from the environment, and no message shows one", async () => {
  const without = { "work/clouds.yaml": cloud("http://cloud").replace(" password: Sesam,", "") };
  await among(without, { OS_PASSWORD: "Sesam" }, async (context) => {
    assert.equal((await loginOfCloud("prod", context)).api.password, "Sesam");
  });
  const broken = { "work/clouds.yaml": `${cloud("http://cloud")}    password: "Sesam\n` };
  await among(broken, {}, async (context) => {
    const error = await loginOfCloud("prod", context).catch((reason: Error) => reason);
    assert.ok(error instanceof Error);
    assert.match(error.message, /clouds\.yaml is not valid YAML/);
    assert.doesNotMatch(error.message, /Sesam/);
  });
});

test("a file that another user has put into a directory for everybody is not read", {
  skip: process.geteuid?.() !== 0 && "only root can give a file away",
}, async () => {
  const planted = {
    "work/clouds.yaml": cloud("http://theirs"),
    "home/.config/openstack/clouds.yaml": cloud("http://mine"),
  };
  await among(planted, {}, async (context) => {
    const [directory = "", file = ""] = [context.workDir, `${context.workDir}/clouds.yaml`];
    chmodSync(directory, 0o1777);
    assert.equal((await loginOfCloud("prod", context)).api.auth_url, "http://theirs");
    chownSync(file, 12345, 12345);
    await assert.rejects(loginOfCloud("prod", context), /work\/clouds\.yaml belongs to another user \(uid 12345\)/);
    renameSync(file, `${directory}/secure.yaml`);
    await assert.rejects(loginOfCloud("prod", context), /work\/secure\.yaml belongs to another user/);
    renameSync(`${directory}/secure.yaml`, file);
    // Of a checkout, for instance, in which root works.
    chmodSync(directory, 0o755);
    assert.equal((await loginOfCloud("prod", context)).api.auth_url, "http://theirs");
  });
});

test("an alias bomb and a large file are refused at once", async () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level += 1) {
    const [before, own] = [String.fromCharCode(96 + level), String.fromCharCode(97 + level)];
    bomb.push(`${own}: &${own} [${Array(9).fill(`*${before}`).join(", ")}]`);
  }
  for (const text of [bomb.join("\n"), `#${"x".repeat(300_000)}`, "[".repeat(100_000), "a:\n".repeat(80_000)]) {
    await among({ "work/clouds.yaml": text }, {}, async (context) => {
      await assert.rejects(loginOfCloud("prod", context), { code: "MASAKARI_COMMAND" });
    });
  }
});

test("an option changes what a cloud of the file, a configuration or the environment has", async () => {
  const login = async (options: Record<string, string>, choice: Partial<LoginChoice>) =>
    await among(files, {}, async (context) => {
      const { api } = await findLogin({ configFiles: [], cloud: undefined, options, ...choice }, context);
      return api;
    });
  const other = await login({ OS_PROJECT_NAME: "other", OS_PROJECT_DOMAIN_ID: "d2" }, { cloud: "prod" });
  // Keystone would take the id of the file before the name.
  assert.deepEqual([other.project_name, other.project_id, other.project_domain_id], ["other", undefined, "d2"]);
  assert.deepEqual([other.auth_url, other.username, other.password], ["http://cloud", "u", "Sesam"]);
  const token = await login({ OS_TOKEN: "t" }, { cloud: "prod" });
  assert.deepEqual([token.auth_type, token.token], ["token", "t"]);
  assert.equal((await login({ OS_INTERFACE: "internal" }, { cloud: "prod" })).api_interface, "internal");
  assert.deepEqual(environmentWith({ OS_PROJECT_ID: "p", OS_USERNAME: "u" }, { OS_PROJECT_NAME: "n" }), {
    ...{ OS_PROJECT_ID: undefined, OS_TENANT_ID: undefined, OS_TENANT_NAME: undefined },
    ...{ OS_PROJECT_NAME: "n", OS_USERNAME: "u" },
  });
});

test("a user and a project without a domain are of the domain default, as with openstackclient", async () => {
  const domains = async (text: string, env: CommandContext["env"] = {}) =>
    await among({ "work/clouds.yaml": text }, env, async (context) => {
      const named = env.OS_AUTH_URL === undefined ? "prod" : undefined;
      const { api } = await findLogin({ configFiles: [], cloud: named, options: {} }, context);
      return [api.default_domain_id, api.user_domain_id, api.domain_name];
    });
  assert.deepEqual(await domains(cloud("http://k").replace(", user_domain_id: d", "")), [
    "default",
    undefined,
    undefined,
  ]);
  // The project's domain is still open.
  assert.deepEqual(await domains(cloud("http://k")), ["default", "d", undefined]);
  assert.deepEqual(await domains(`${cloud("http://k")}    default_domain: dd\n`), ["dd", "d", undefined]);
  assert.deepEqual(await domains("", openrc), ["default", undefined, undefined]);
  assert.deepEqual(await domains("", { ...openrc, OS_DEFAULT_DOMAIN: "dd" }), ["dd", undefined, undefined]);
  assert.deepEqual(await domains("", { ...openrc, OS_DOMAIN_NAME: "D" }), [undefined, undefined, "D"]);
  assert.deepEqual(await domains("", { ...openrc, OS_AUTH_TYPE: "v3token", OS_TOKEN: "t" }), Array(3).fill(undefined));
  // What a monitor's own configuration leaves out, the monitor lacks too.
  await among(host, {}, async (context) => {
    const { api } = await findLogin({ configFiles: [], cloud: undefined, options: {} }, context);
    assert.equal(api.default_domain_id, undefined);
  });
});

test("a null is no text, of several interfaces the first is taken, and the time-out is the cloud's", async () => {
  const more =
    '    project_domain_id: null\n    region_name: ~\n    interface: [internal, public]\n    api_timeout: 7\n    cert: "null"\n';
  await among({ "work/clouds.yaml": cloud("http://k") + more }, {}, async (context) => {
    const { api } = await loginOfCloud("prod", context);
    const { project_domain_id, region, api_interface, timeout, certfile } = api;
    assert.deepEqual(
      [project_domain_id, region, api_interface, timeout, certfile],
      [undefined, undefined, "internal", 7, "null"],
    );
  });
});

test("a token of somebody else's making goes to the endpoint, under either of the SDK's names for that", async () => {
  const clouds = `clouds:
  one: {auth_type: admin_token, auth: {endpoint: "http://m/v1", token: t}}
  two: {auth_type: token_endpoint, auth: {url: "http://m/v1", token: t}}\n`;
  await among({ "work/clouds.yaml": clouds }, {}, async (context) => {
    for (const name of ["one", "two"]) {
      const { auth_type, endpoint, token } = (await loginOfCloud(name, context)).api;
      assert.deepEqual([auth_type, endpoint, token], ["admin_token", "http://m/v1", "t"]);
    }
  });
});
