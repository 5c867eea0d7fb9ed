import { isIP } from "node:net";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";

export const userName = "admin";
export const passwordVariable = "MASAKARI_CONTROL_PLANE_PASSWORD";

/** What `masakari-monitors control-plane` is started with. */
export interface ControlPlaneArguments {
  readonly stateDir: string;
  readonly listen: string;
  readonly keystonePort: number;
  readonly masakariPort: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly plainHttp?: true;
  readonly keystoneUrl?: string;
  readonly masakariUrl?: string;
  readonly trustedProxy?: readonly string[];
  readonly apiVersion: "1.2" | "1.3";
  readonly corsOrigin?: readonly string[];
  readonly notificationDelayMax: number;
  readonly tokenLifetime: number;
  readonly metricsPort?: number;
  readonly passwordFile?: string;
}

export const defaultStateDir = "/var/lib/masakari-control-plane";

export function addControlPlaneOptions(command: Command): Command {
  return command
    .option("--state-dir <DIR>", "database and openrc", defaultStateDir)
    .option("--listen <ADDRESS>", "address of both services; other than loopback only with TLS", "127.0.0.1")
    .option("--keystone-port <PORT>", "0: any free one", portNumber, 5000)
    .option("--masakari-port <PORT>", "0: any free one", portNumber, 15868)
    .option("--tls-cert <FILE>", "certificate with its chain, PEM; read again when it is renewed")
    .option("--tls-key <FILE>", "its key, PEM; read again when it is renewed")
    .option("--plain-http", "allow another address than loopback without TLS, behind a reverse proxy that has it")
    .option("--keystone-url <URL>", "where clients reach Keystone, with /v3, if not at that address", url)
    .option("--masakari-url <URL>", "where clients reach the Masakari API, with /v1", url)
    .option(
      "--trusted-proxy <ADDRESS>",
      "reverse proxy or network (10.0.0.0/8) whose X-Forwarded headers count; repeatable",
      proxies,
    )
    .addOption(
      new Option("--api-version <VERSION>", "highest microversion: 1.2 as Debian 12's, 1.3 as upstream's")
        .choices(["1.2", "1.3"])
        .default("1.3"),
    )
    .option("--cors-origin <ORIGIN>", "web pages of this origin may use the Masakari API; repeatable", origins)
    .option("--notification-delay-max <SECONDS>", "delay each notification at random, as upstream", number, 0)
    .option("--token-lifetime <SECONDS>", "how long a token is good for", positiveNumber, 3600)
    .option("--metrics-port <PORT>", "serve /metrics on 127.0.0.1", portNumber)
    .option(
      "--password-file <FILE>",
      `the ${userName} user's password is its first line, read again on SIGHUP; without it, that of $${passwordVariable}, of the openrc of an earlier run, or a new one`,
    );
}

/** Of the state directory. */
export function databaseOf({ stateDir }: Pick<ControlPlaneArguments, "stateDir">): string {
  return join(stateDir, "control-plane.sqlite");
}

function proxies(text: string, earlier: readonly string[] = []): readonly string[] {
  const [address = "", length, ...rest] = text.split("/");
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) >= 1 && Number(length) <= bits);
  if (bits === 0 || !isLength || rest.length > 0) {
    throw new InvalidArgumentError("an address as 192.0.2.1, or a network as 10.0.0.0/8 or fd00::/8.");
  }
  return [...earlier, text];
}

function origins(text: string, earlier: readonly string[] = []): readonly string[] {
  // Browsers send it without a path, and it is compared as it is.
  if (text !== "*" && !(URL.canParse(text) && new URL(text).origin === text)) {
    throw new InvalidArgumentError("an origin as https://horizon.example.org, without a path, or *.");
  }
  return [...earlier, text];
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}

function number(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("a whole number of seconds.");
  return Number(text);
}

function positiveNumber(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,9}$/.test(text) || seconds === 0) {
    throw new InvalidArgumentError("a whole number of seconds from 1 to 999999999.");
  }
  return seconds;
}

function url(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError("a URL as https://ha.example.org:5000/v3.");
  }
  return text.replace(/\/+$/, "");
}
